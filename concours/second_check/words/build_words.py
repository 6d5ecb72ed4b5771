"""Builds english.txt and french.txt: common words, no name of the lists beside this folder.

`python -m concours.second_check.words.build_words path/to/wordnet path/to/Lexique383.txt`; sources and licences in LICENCES.txt.
"""

import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from concours.second_check.letters import plain
from concours.second_check.person_words import listed_names

HERE = Path(__file__).parent
SHORTEST = 4
LIVING_FOOD_AND_PLACES = (
    "05",
    "13",
    "15",
    "18",
    "20",
)  # lexicographer files of WordNet: animal, food, location, person, plant
FRENCH_KINDS = ("NOM", "ADJ", "ADV", "PRE", "CON", "PRO", "ART")


def of_wordnet(folder: Path) -> Iterator[str]:
    """Lemmas in small letters that mean more than a living being, food or a place; the parts of those of several words."""
    for kind in ("noun", "verb", "adj", "adv"):
        for line in (folder / f"data.{kind}").read_text("latin-1").splitlines():
            fields = line.split()
            if not line.startswith("  ") and not (kind == "noun" and fields[1] in LIVING_FOOD_AND_PLACES):
                for number in range(int(fields[3], 16)):
                    yield from re.split(r"[_-]", fields[4 + 2 * number].partition("(")[0])


def of_lexique(path: Path) -> Iterator[str]:
    """Forms that name, describe or report."""
    with path.open(encoding="latin-1", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["4_cgram"].startswith(FRENCH_KINDS) or "par:" in row["11_infover"] or "inf;" in row["11_infover"]:
                yield row["1_ortho"]


def written(words: Iterator[str]) -> str:
    """One word a line, sorted."""
    common_words = {plain(word) for word in words if word.isalpha() and word.islower() and len(word) >= SHORTEST}
    return "\n".join(sorted(word for word in common_words - listed_names() if word.isascii())) + "\n"


def main(wordnet: str, lexique: str) -> None:
    """Writes the two lists beside this file."""
    (HERE / "english.txt").write_text(written(of_wordnet(Path(wordnet))), "utf-8")
    (HERE / "french.txt").write_text(written(of_lexique(Path(lexique))), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Builds vocabulary.txt: words by hand and of reports, of real protocols, and of the coded concepts that pydicom ships; no names.

`python -m concours.deid.profile.build_vocabulary`
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydicom.datadict import DicomDictionary
from pydicom.sr._concepts_dict import concepts

HERE = Path(__file__).parent
VOCABULARY = HERE / "vocabulary.txt"
MEANINGS = HERE / "public_meanings.txt"
SCHEMES = ("SCT", "DCM", "RADLEX", "FMA", "NCIt", "UMLS", "IBSI", "UCUM")
BREEDS = frozenset((7454, 7480, 7481, 7486))
"""Context groups of PS3.16 whose meanings are breeds and their registries: they are places and people."""
SHORTEST = 4
"""Shorter words of the standard are abbreviations of every kind, names among them: those that radiology needs stand by hand."""


def words_of_file(name: str) -> set[str]:
    """The words of a hand-written list, comments left out."""
    lines = (HERE / name).read_text("utf-8").splitlines()
    return {plain(word) for line in lines if not line.startswith("#") for word in line.split()}


def words_in_context() -> set[str]:
    """The words that stay only beside a cue; they are in no other list."""
    lines = [line for line in (HERE / "words_in_context.txt").read_text("utf-8").splitlines() if line[:1] != "#"]
    named = {line.partition(":")[0] for line in lines} - {"eponym", "eponym cues"}
    eponyms = next(line for line in lines if line.startswith("eponym:")).partition(":")[2].split()
    return named | set(eponyms)


def plain(word: str) -> str:
    """Lower case without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(c))


def meanings_of_standard(schemes: Iterable[str]) -> Iterator[tuple[str, list[int]]]:
    """Each meaning of the coded concepts of these schemes, with the context groups it is in."""
    for scheme in schemes:
        by_keyword: dict[str, dict[str, tuple[str, list[int]]]] = concepts.get(scheme, {})  # type: ignore[assignment]
        for meanings in by_keyword.values():
            yield from meanings.values()


def words_of_standard() -> set[str]:
    """Words in the meanings of DICOM's coded concepts, breeds left out, and in the names of its attributes.

    Words that stand there with a capital alone and are in no English dictionary are eponyms.
    """
    texts = [name for _vr, _vm, name, _retired, _keyword in DicomDictionary.values()]
    texts += [meaning for meaning, groups in meanings_of_standard(SCHEMES) if not groups or not set(groups) <= BREEDS]
    words = {word for text in texts for word in re.findall(rf"[^\W\d_]{{{SHORTEST},}}", text)}
    small = {plain(word) for word in words if word[0].islower()}
    english = set((HERE / "../values/words/en.txt").read_text("utf-8").split())
    return {folded for word in words if (folded := plain(word)) in small or folded in english}


def main() -> None:
    """Writes vocabulary.txt and public_meanings.txt beside this file, one word or meaning a line."""
    by_hand = words_of_file("words_by_hand.txt") | {
        word for word in words_of_file("../values/words/medical.txt") if word.isalpha()
    }
    names = words_of_file("names_by_hand.txt")
    words = (words_of_standard() | words_of_file("words_of_protocols.txt")) - names | by_hand
    words -= words_in_context()
    if both := by_hand & names:
        raise ValueError(f"Words that are also in names_by_hand.txt: {', '.join(sorted(both))}")
    meanings = {
        plain(meaning) for meaning, groups in meanings_of_standard(concepts) if not groups or not set(groups) <= BREEDS
    }
    MEANINGS.write_text("\n".join(sorted(meaning for meaning in meanings if " " in meaning.strip())) + "\n", "utf-8")
    VOCABULARY.write_text("\n".join(sorted(words)) + "\n", "utf-8")


if __name__ == "__main__":
    main()

"""Builds vocabulary.txt: words by hand, and the words of the coded concepts and defined terms that pydicom ships, minus every
name.

`python -m anonymization.deid.profile.build_vocabulary`
"""

import re
import unicodedata
from pathlib import Path

from pydicom.datadict import DicomDictionary
from pydicom.sr._concepts_dict import concepts

HERE = Path(__file__).parent
VOCABULARY = HERE / "vocabulary.txt"


def words_of_file(name: str) -> set[str]:
    """The words of a hand-written list, comments left out."""
    lines = (HERE / name).read_text("utf-8").splitlines()
    return {plain(word) for line in lines if not line.startswith("#") for word in line.split()}


def plain(word: str) -> str:
    """Lower case without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(c))


def words_of_standard() -> set[str]:
    """Words of three letters and more in the meanings of DICOM's coded concepts and in the names of its attributes."""
    found: set[str] = set()
    for scheme in ("SCT", "DCM", "RADLEX", "FMA", "NCIt", "UMLS"):
        known: dict[str, dict[str, tuple[str, list[int]]]] = concepts.get(scheme, {})  # type: ignore[assignment]
        for meanings in known.values():
            for meaning, _contexts in meanings.values():
                found.update(re.findall(r"[a-z]{3,}", plain(meaning)))
    for _vr, _vm, name, _retired, _keyword in DicomDictionary.values():
        found.update(re.findall(r"[a-z]{3,}", plain(name)))
    return found


def main() -> None:
    """Writes vocabulary.txt beside this file, one word a line."""
    by_hand = words_of_file("words_by_hand.txt")
    words = by_hand | words_of_standard()
    words -= words_of_file("names_by_hand.txt")
    VOCABULARY.write_text("\n".join(sorted(words)) + "\n", "utf-8")


if __name__ == "__main__":
    main()

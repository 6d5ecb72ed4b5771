"""Builds en.txt, fr.txt, pt.txt (common words) and names.txt (given names, surnames, places) from spelling dictionaries.

`python -m concours.deid.values.words.build_words` on a machine with the Debian packages hunspell-en-us, hunspell-fr-classical and
hunspell-pt-pt. Sources and licences: LICENCES.txt beside this file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).parent
SOURCES = Path("/usr/share/hunspell")
LONGEST = 24
# A report speaks of what is seen: forms of the third person and participles. The others would double the size of the lists.
FRENCH_PERSON = re.compile(r"(?:po|is):[123](?:sg|pl)")
FRENCH_OTHER_TENSES = {"po:ipsi", "po:simp"}
PORTUGUESE_VERB_FLAGS = "XY"
PORTUGUESE_FORM = re.compile(
    r"(?:a|am|e|em|ava|avam|ia|iam|ou|eu|iu|aram|eram|iram|ad[oa]s?|id[oa]s?|ando|endo|indo|ara|era|ira|ar|er|ir|asse|esse|isse)$"
)
FRENCH_NAMES = ("po:npr", "po:patr", "po:prn")

Rules = dict[str, list[tuple[str, str, re.Pattern[str]]]]


def plain(word: str) -> str:
    """Lower case without accents; ligatures taken apart."""
    folded = word.casefold().replace("œ", "oe").replace("æ", "ae")
    return "".join(sign for sign in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(sign))


def suffixes(language: str, is_used: Callable[[list[str]], bool]) -> Rules:
    """Flag -> (letters taken off, letters added, condition) of a hunspell affix file."""
    rules: Rules = {}
    for line in (SOURCES / f"{language}.aff").read_text("utf-8-sig").splitlines():
        parts = line.split()
        if len(parts) < 5 or parts[0] != "SFX" or not is_used(parts[5:]):
            continue
        flag, off, added, condition = parts[1:5]
        added = added.partition("/")[0]
        pattern = re.compile(("" if condition == "." else condition) + "$")
        rules.setdefault(flag, []).append(("" if off == "0" else off, "" if added == "0" else added, pattern))
    return rules


def entries(language: str, encoding: str = "utf-8") -> Iterator[tuple[str, str, str]]:
    """(word, flags, notes) of each line of a hunspell dictionary."""
    for line in (SOURCES / f"{language}.dic").read_text(encoding, errors="replace").splitlines()[1:]:
        head, _space, notes = line.replace("\t", " ").partition(" ")
        word, _slash, flags = head.partition("/")
        if word:
            yield word, flags, notes


def forms(word: str, flags: str, rules: Rules, width: int) -> Iterator[tuple[str, str]]:
    """(flag, form) of a word; the word itself under the flag ''."""
    yield "", word
    for start in range(0, len(flags), width):
        flag = flags[start : start + width]
        for off, added, condition in rules.get(flag, ()):
            if word.endswith(off) and condition.search(word):
                yield flag, (word[: -len(off)] if off else word) + added


def usable_words(words: set[str]) -> list[str]:
    """Folded words of 2 to 24 letters, sorted as bytes."""
    folded = {plain(word) for word in words if word.isalpha()}
    return sorted(word for word in folded if word.isascii() and word.isalpha() and 2 <= len(word) <= LONGEST)


def english() -> tuple[set[str], set[str]]:
    rules = suffixes("en_US", lambda _tags: True)
    words: set[str] = set()
    names: set[str] = set()
    for word, flags, _notes in entries("en_US"):
        if word == word.lower():
            words |= {form for _flag, form in forms(word, flags, rules, 1)}
        elif word.istitle():
            names.add(word)
    return words, names


def _third_person(tags: list[str]) -> bool:
    persons = {tag[-3:] for tag in tags if FRENCH_PERSON.fullmatch(tag)}
    return (not persons or bool(persons & {"3sg", "3pl"})) and not FRENCH_OTHER_TENSES & set(tags)


def french() -> tuple[set[str], set[str]]:
    rules = suffixes("fr", _third_person)
    words: set[str] = set()
    names: set[str] = set()
    for word, flags, notes in entries("fr"):
        if any(kind in notes for kind in FRENCH_NAMES) or word.istitle():
            names.add(word)
        elif word == word.lower():
            words |= {form for _flag, form in forms(word, flags, rules, 2)}
    return words, names


def portuguese() -> tuple[set[str], set[str]]:
    rules = suffixes("pt_PT", lambda _tags: True)
    words: set[str] = set()
    names: set[str] = set()
    for word, flags, notes in entries("pt_PT"):
        if "CAT=np" in notes or word.istitle():
            names.add(word)
        elif word == word.lower():
            for flag, form in forms(word, flags, rules, 1):
                if not flag or flag not in PORTUGUESE_VERB_FLAGS or PORTUGUESE_FORM.search(plain(form)):
                    words.add(form)
    return words, names


def main() -> None:
    """Writes the four lists beside this file."""
    all_names: set[str] = set()
    for language, (words, names) in {"en": english(), "fr": french(), "pt": portuguese()}.items():
        (HERE / f"{language}.txt").write_text("\n".join(usable_words(words)) + "\n", "ascii")
        all_names |= names
    listed = [
        name for name in usable_words(all_names) if len(name) > 2
    ]  # two letters are a chemical element or an abbreviation
    (HERE / "names.txt").write_text("\n".join(listed) + "\n", "ascii")


if __name__ == "__main__":
    main()

"""Names of people in the texts of an image: those of lists, and words that no dictionary, element of medicine or scanner knows.

Lists and rules are its own: the engine that de-identifies keeps words of its vocabulary, this module doubts every word.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from concours.second_check.letters import plain

HERE = Path(__file__).parent
SHORTEST_NAME = 3
"""Letters from which a listed name is looked for; shorter ones are abbreviations first."""
SHORTEST_UNKNOWN = 5
"""Letters from which an unknown word is doubted; shorter ones are acronyms first."""
LONG_ENOUGH_TO_MISSPELL = 8
FEWEST, MOST = 2, 4  # parts of which one word is made

# Listed names that images speak of more often: anatomy, techniques, and the diseases whose eponyms stand beside such a word.
_ELIDED = 5  # letters from which an element loses its last vowel before another
_RUN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_CAMEL = re.compile(r"[^\W\d_](?:[a-zà-öø-ÿ]+|[A-ZÀ-ÖØ-Þ]*(?![a-zà-öø-ÿ]))")


def name_in(text: str) -> str | None:
    """The kind of name that a text of an image holds, or None.

    Kinds: "listed name", "unknown word", "foreign script", "spelled word".
    """
    runs = _runs(text)
    folded = [plain(run) for run in runs]
    for index, (run, word) in enumerate(zip(runs, folded, strict=True)):
        if not word.isascii():
            return "foreign script"
        if _is_listed(word):
            if not any(_eponym_cues().match(other) for other in (*folded[:index], *folded[index + 1 :])):
                return "listed name"
        elif _is_doubted(word) and not _is_camel(run):
            return "unknown word"
    return "spelled word" if _is_spelled(runs) else None


def listed_in(text: str) -> bool:
    """Whether a code string holds a listed name; its other words are terms that no dictionary has."""
    return any(_is_listed(plain(run)) for run in _runs(text) if len(run) >= SHORTEST_UNKNOWN)


def _runs(text: str) -> list[str]:
    """The words of a text. An accent that stands as a sign of its own (as macOS writes it) does not part one."""
    return _RUN.findall(unicodedata.normalize("NFC", text))


def _is_listed(word: str) -> bool:
    """Whether a word, or a part of it beside an apostrophe, is a listed name of which images do not speak more often."""
    parts = {re.sub(r"\W", "", word), *re.split(r"\W", word)}
    return any(part in listed_names() and part not in also_imaging() for part in parts)


def _is_camel(run: str) -> bool:
    """Whether a run is ordinary words that capitals alone part: "AbdRoutine"."""
    parts = [] if run.isupper() else [plain(part) for part in _CAMEL.findall(run)]
    return len(parts) > 1 and all(
        len(part) > 1 and not _is_doubted(part) and part not in listed_names() for part in parts
    )


def _is_doubted(word: str) -> bool:
    """Whether a word is long enough to name somebody and is known to no list."""
    return any(len(part) >= SHORTEST_UNKNOWN and not is_ordinary(part) for part in re.split(r"\W", word))


def _is_spelled(runs: list[str]) -> bool:
    """Four single letters in a row."""
    alone = "".join("x" if len(run) == 1 else " " for run in runs)
    return "xxxx" in alone


@lru_cache(maxsize=1 << 14)
def is_ordinary(word: str) -> bool:
    """Whether a plain word is of a dictionary or of imaging, formed as medicine forms words, joined of such, or misspelt."""
    return _in_lists(word) or _is_formed(word) or _is_joined(word) or _is_misspelt(word)


def _in_lists(word: str) -> bool:
    if word in imaging() or word in common() or word in also_imaging():
        return True
    for ending, stem_ending in (
        ("s", ""),
        ("es", ""),
        ("ed", ""),
        ("ed", "e"),
        ("ing", ""),
        ("ing", "e"),
        ("ly", ""),
        ("ies", "y"),
        ("d", ""),
    ):
        stem = word.removesuffix(ending) + stem_ending
        if stem != word and word.endswith(ending) and len(stem) > 3 and (stem in common() or stem in imaging()):
            return True
    return False


def _is_formed(word: str) -> bool:
    """thoraco + scopie, hydro + nephr + ose, supra + clavicular: an element of medicine and an ending, a word, or nothing."""
    for prefix in _elements("prefixes"):
        for element in (prefix, prefix[:-1]) if len(prefix) > _ELIDED and prefix[-1] in "aeio" else (prefix,):
            rest = word.removeprefix(element)
            if rest == word:
                continue
            if len(element) > 3 and (not rest or (len(rest) > 1 and rest in _elements("endings")) or _is_formed(rest)):
                return True
            if len(rest) > 3 and (_in_lists(rest) or (len(element) > 4 and _stem_is_known(rest))):
                return True
    return False


def _stem_is_known(word: str) -> bool:
    """Whether the word without its ending begins a word of the lists: "vesical", "cardiaque"."""
    stems = {word.removesuffix(ending) for ending in _elements("endings") if word.endswith(ending)}
    completed = ("", "e", "a", "um", "us", "al", "ic", "ique", "y", "ie")
    return any(stem + ending in common() for stem in stems if len(stem) > 3 for ending in completed)


@lru_cache(maxsize=1 << 12)
def _is_joined(word: str, parts: int = MOST) -> bool:
    """Whether the word is written without blanks from words of imaging of three letters and more, one of them of four."""
    return any(len(cut) >= FEWEST and max(map(len, cut)) > 3 for cut in _cuts(word, parts))


def _cuts(word: str, parts: int) -> Iterator[tuple[str, ...]]:
    if word in imaging() and len(word) > 2:
        yield (word,)
    if parts > 1:
        for end in range(3, len(word) - 2):
            if word[:end] in imaging():
                for rest in _cuts(word[end:], parts - 1):
                    yield (word[:end], *rest)


def _is_misspelt(word: str) -> bool:
    """Whether a long word is one letter away from a long word of imaging: "sagital", "unehanced"."""
    if len(word) < LONG_ENOUGH_TO_MISSPELL - 1:
        return False
    shorter = {word[:i] + word[i + 1 :] for i in range(len(word))} | {word}
    return not shorter.isdisjoint(_long_imaging_words_without_a_letter())


@cache
def _long_imaging_words_without_a_letter() -> frozenset[str]:
    long = [word for word in imaging() if len(word) >= LONG_ENOUGH_TO_MISSPELL]
    return frozenset(long) | frozenset(word[:i] + word[i + 1 :] for word in long for i in range(len(word)))


@cache
def imaging() -> frozenset[str]:
    """Words of imaging."""
    return _read("words/imaging.txt")


@cache
def also_imaging() -> frozenset[str]:
    """Listed names of which images speak more often."""
    return _read("words/also_imaging.txt")


@cache
def _elements(kind: str) -> frozenset[str]:
    """Elements of the words of medicine: "prefixes" or "endings"."""
    return _read(f"words/{kind}.txt")


@cache
def _eponym_cues() -> re.Pattern[str]:
    """Beginnings of words beside which a listed name is that of a disease, a sign or a structure."""
    return re.compile("|".join(sorted(_read("words/eponym_cues.txt"))))


@cache
def common() -> frozenset[str]:
    """Common English and French words."""
    return _read("words/english.txt") | _read("words/french.txt")


@cache
def listed_names() -> frozenset[str]:
    """The single words of the lists of given and family names."""
    entries = frozenset().union(
        *(
            _read(f"names/{name}")
            for name in ("given_names.txt", "family_names.txt", "frequent_surnames.txt", "romanised_names.txt")
        )
    )
    words = frozenset(word for entry in entries for word in re.split(r"[^a-z]+", entry) if len(word) >= SHORTEST_NAME)
    return words - _read("words/particles.txt")


def _read(name: str) -> frozenset[str]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return frozenset(
        word for line in lines if not line.startswith("#") for word in ([line] if "names/" in name else line.split())
    )

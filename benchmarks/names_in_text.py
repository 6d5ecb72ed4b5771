"""Names and words in text: how many names leave and how many words stay, by case, language and field.

`python -m benchmarks names_in_text`. Fields: descriptions of series and studies, technical fields, and free text (reports and
values of a table), where a word that may be a name is marked for a person and leaves only if that person lets it. Listed names
that are anatomy first (colon, crane, cord, lower, rocher) count as left.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.size import sized
from concours.deid.known import IdentifierMatcher
from concours.deid.text import clean_description, clean_technical
from concours.deid.values.prose import examine_text, safe_text
from concours.second_check.letters import plain
from concours.second_check.person_words import listed_names, name_in

DATA = Path(__file__).parent / "deid_corpus"
CASES: dict[str, Callable[[str], str]] = {"capitals": str.upper, "lower": str.lower, "mixed": str.title}
PARTICLES = frozenset(
    re.findall(r"\w+", "al d da dell de den der di du el het la le o san t ter van von")
)  # they name nobody
DICTIONARIES = ("French", "English", "Portuguese")
NOBODY = IdentifierMatcher()


@dataclass(frozen=True)
class Field:
    """A kind of field: how its text is cleaned, and texts around a name."""

    clean: Callable[[str], str]
    around: tuple[str, ...]


FIELDS = {
    "descriptions": Field(lambda text: clean_description(text, NOBODY), ("CT THORAX {}", "AXIAL {} T1", "{}_sag")),
    "technical fields": Field(lambda text: clean_technical(text, NOBODY), ("FILTRE {}", "PRESET {}", "{}")),
    "free text": Field(
        lambda text: safe_text(examine_text(text)),
        (
            "Pas d'épanchement pleural, {} revu en consultation.",
            "No pleural effusion, {} seen again in clinic.",
            "Sem derrame pleural, {} em seguimento.",
        ),
    ),
}


def figures() -> list[dict[str, Any]]:
    """Recall on names and retention of words, in percent; no peer cleans text."""
    return [*_recall_of_lists(), *_recall_by_language(), *_retention()]


def _recall_of_lists() -> Iterator[dict[str, Any]]:
    names = sorted(listed_names())[:: sized(1, tiny=200)]
    for title, field in FIELDS.items():
        some = names[:: sized(10, tiny=1)] if title == "free text" else names  # a sentence takes ten times as long
        for case, write in CASES.items():
            yield _figure(f"names of the product's lists, {case}, {title}: removed", *_removed(some, write, field))
    for case, write in CASES.items():
        hits = sum(name_in(f"CT THORAX {write(name)}") is not None for name in names)
        yield _figure(f"names of the product's lists, {case}: found by the second check", hits, len(names))


def _recall_by_language() -> Iterator[dict[str, Any]]:
    """One figure for each language, field and case; languages without a dictionary of ours together, then each over all."""
    names = names_by_language()
    groups = {language: names[language] for language in DICTIONARIES}
    groups["other languages'"] = [
        name for language in names if language not in DICTIONARIES for name in names[language]
    ]
    for language, own in groups.items():
        for title, field in FIELDS.items():
            for case, write in CASES.items():
                yield _figure(f"{language} names, {case}, {title}: removed", *_removed(own, write, field))
    for language, own in names.items():
        parts = [_removed(own, write, field) for field in FIELDS.values() for write in CASES.values()]
        yield _figure(
            f"{language} names, all cases and fields: removed", sum(p[0] for p in parts), sum(p[1] for p in parts)
        )
        recalled = sum(name_in(f"CT THORAX {write(name)}") is not None for name in own for write in CASES.values())
        yield _figure(f"{language} names, all cases: found by the second check", recalled, len(own) * len(CASES))


def _retention() -> Iterator[dict[str, Any]]:
    texts = protocol_names()
    for language, own in texts.items():
        for title in ("descriptions", "technical fields"):
            for case, write in CASES.items():
                yield _figure(
                    f"words of {language} protocol names, {case}, {title}: kept", *_kept(own, write, FIELDS[title])
                )
    for language, own in report_sentences().items():
        for case, write in CASES.items():
            retained = _kept(own, write, FIELDS["free text"])
            yield _figure(f"words of {language} reports, {case}, free text: kept without a person", *retained)
    every = [text for own in texts.values() for text in own]
    for case, write in CASES.items():
        yield _figure(f"words of real protocol names, {case}: kept", *_kept(every, write, FIELDS["descriptions"]))
        quiet = sum(name_in(clean_description(write(text), NOBODY)) is None for text in every)
        yield _figure(f"real protocol names, {case}: passed by the second check", quiet, len(every))


def _kept(texts: Iterable[str], write: Callable[[str], str], field: Field) -> tuple[int, int]:
    """How many words of the texts stay, of how many."""
    pairs = [(_words(text), _words(field.clean(text))) for text in map(write, texts)]
    return sum(word in after for before, after in pairs for word in before), sum(len(before) for before, _ in pairs)


def _removed(names: Iterable[str], write: Callable[[str], str], field: Field) -> tuple[int, int]:
    """How many names leave no word of theirs in a text, and how many were tried."""
    gone = total = 0
    for form in field.around:
        own = set(_words(form))
        for name in names:
            left = set(_words(field.clean(form.format(write(name))))) - own
            gone += left.isdisjoint(word for word in _words(name) if len(word) > 1 and word not in PARTICLES)
            total += 1
    return gone, total


def names_by_language() -> dict[str, list[str]]:
    """Single names by language."""
    rows = (line.partition(": ") for line in _lines("names_by_language.txt"))
    return {language: names.split(", ") for language, _, names in rows}


def protocol_names() -> dict[str, list[str]]:
    """Real names of protocols, series and studies, by language; `vendors` are those of the makers' own trees."""
    lines_by_language: dict[str, list[str]] = {}
    language = ""
    for line in (DATA / "protocol_names.txt").read_text("utf-8").splitlines():
        if line.startswith("## "):
            language = line[3:]
        elif line and not line.startswith("#"):
            lines_by_language.setdefault(language, []).append(line)
    return lines_by_language


def report_sentences() -> dict[str, list[str]]:
    """Sentences of reports, by language."""
    by_language: dict[str, list[str]] = {}
    for line in _lines("report_sentences.txt"):
        language, _, sentence = line.partition(": ")
        by_language.setdefault(language, []).append(sentence)
    return by_language


def _lines(name: str) -> list[str]:
    return [line for line in (DATA / name).read_text("utf-8").splitlines() if line and not line.startswith("#")]


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", plain(text))


def _figure(name: str, hits: int, total: int) -> dict[str, Any]:
    share = round(100 * hits / total, 2)
    return {
        "name": f"names in text: {name}",
        "unit": "%",
        "ours": share,
        "peer": None,
        "peer_name": None,
        "ratio": None,
    }

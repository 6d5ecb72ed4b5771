"""Whatever is done to a file, the reader answers with a question or with errors that have lines: it never fails itself."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from concours.known_names import known_names
from concours.questions.importers import import_codabench, import_evalai
from concours.questions.schema import SpecError, load_spec
from tests.concours.questions.importers.test_codabench import FIRST, SECOND
from tests.concours.questions.importers.test_evalai import CONFIGURATION

TEXTS = [path.read_text(encoding="utf-8") for path in sorted(Path("concours/questions/catalogue").glob("*.yaml"))]
PIECES = [
    ":",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "\n",
    "  ",
    "null",
    "true",
    "1e999",
    "-1",
    "x",
    "&a ",
    "*a",
    "!!int ",
    "'",
    "2024-13-01",
]


def mutated(text: str, seed: int) -> str:
    """One to four pieces cut out, doubled, moved or put in."""
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text))
        end = min(len(text), start + chance.choice([1, 3, 12, 60]))
        swap = chance.choice(["", chance.choice(PIECES), text[start:end] * 2, "\n".join(text[start:end].split(" "))])
        text = text[:start] + swap + text[end:]
    return text


def answers(read: Callable[[str], object], text: str) -> bool:
    """Whether it was read; errors have lines inside the file and words."""
    try:
        read(text)
    except SpecError as error:
        assert error.mistakes
        assert all(1 <= mistake.line <= text.count("\n") + 2 and mistake.message for mistake in error.mistakes)
        return False
    return True


def test_hundreds_of_mutated_questions_get_an_answer() -> None:
    known_names_result = known_names()
    read = [
        answers(lambda text: load_spec(text, known_names_result), mutated(TEXTS[seed % len(TEXTS)], seed))
        for seed in range(200)
    ]
    assert 0 < sum(read) < 200


@pytest.mark.parametrize(
    ("read", "text"), [(import_codabench, FIRST), (import_codabench, SECOND), (import_evalai, CONFIGURATION)]
)
def test_hundreds_of_mutated_bundles_get_an_answer(read: Callable[[str], object], text: str) -> None:
    results = [answers(read, mutated(text, seed)) for seed in range(150)]
    assert 0 < sum(results) < 150


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(
        ["data", "split", "phases", "submission", "metrics", "ranking", "jury", "limits", "rules", "title"]
    ),
    VALUES,
)
def test_any_value_in_any_section_gets_an_answer(section: str, value: object) -> None:
    document = yaml.safe_load(TEXTS[-1])
    document[section] = value
    answers(lambda text: load_spec(text, known_names()), yaml.safe_dump(document))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["phases", "leaderboard", "leaderboards", "title", "end_date", "version", "challenge_phases"]),
    VALUES,
)
def test_any_value_in_any_part_of_a_bundle_gets_an_answer(key: str, value: object) -> None:
    for read, text in ((import_codabench, FIRST), (import_codabench, SECOND), (import_evalai, CONFIGURATION)):
        answers(read, yaml.safe_dump(yaml.safe_load(text) | {key: value}))

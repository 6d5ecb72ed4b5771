"""The page about question files names every key that is read, every kind and every choice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from concours.evaluation import kinds
from concours.questions.schema import contest, frame

PAGE = Path("docs/question-files.md").read_text(encoding="utf-8")
READERS = "text|name|boolean|integer|number|moment|words|items|texts|integers|section|sections|rows|numbers|each|plain"
CALL = re.compile(rf'\.(?:{READERS})\(\s*"([a-z_]+)"')
SOURCES = sorted(Path("concours/questions/schema").glob("*.py"))


def keys() -> set[str]:
    return {key for path in SOURCES for key in CALL.findall(path.read_text(encoding="utf-8"))}


def test_the_keys_are_found_in_the_readers() -> None:
    assert {"slug", "rows_min", "tie_break", "public_share", "institution_email", "steps_up"} <= keys()


@pytest.mark.parametrize("key", sorted(keys()))
def test_every_key_is_on_the_page(key: str) -> None:
    assert re.search(rf"\b{key}\b", PAGE), key


@pytest.mark.parametrize("kind", kinds.names())
def test_every_kind_is_on_the_page_with_its_sections(kind: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{kind}` |"))
    assert all(f"`{section}`" in row for section in kinds.find(kind).NEEDS)


@pytest.mark.parametrize(
    "choices",
    [contest.RULES, contest.HOWS, contest.TIES, contest.MASK_FORMATS, frame.FIELD_TYPES, frame.ACCEPTS, frame.MEASURES],
)
def test_every_choice_is_on_the_page(choices: tuple[str, ...]) -> None:
    assert not [choice for choice in choices if not re.search(rf"\b{choice}\b", PAGE)]

"""What a page says of a question: no number without its unit."""

from __future__ import annotations

from pathlib import Path

from challenges.question_words import columns
from concours.known_names import known_names
from concours.questions.schema import load_spec

CATALOGUE = Path(__file__).resolve().parents[2] / "concours" / "questions" / "catalogue"


def test_a_column_has_the_unit_of_the_field_it_is_compared_with() -> None:
    spec = load_spec((CATALOGUE / "sarcopenia.yaml").read_text(encoding="utf-8"), known_names=known_names())
    assert columns(spec)[1].range == "from 0 to 100,000 mm²"

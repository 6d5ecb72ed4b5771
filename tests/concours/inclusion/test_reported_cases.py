"""Exams after public bug reports: accepted as what they are, or refused with the one cause."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from concours.inclusion import examine, overall
from tests.concours.inclusion.phantoms import facts
from tests.presence import cases_dir

CASES = cases_dir()
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="CASES_DIR holds no cases")
QUESTION: dict[str, dict[str, Any]] = {
    "usable": {"delivery": "nifti"}, "dimensions": {"value": 3}, "slice_count": {"min": 4}, "slice_spacing": {"max": 6},
    "orientation": {"allowed": ["axial"]}, "matrix": {}, "field_of_view": {"min": 20}, "noise": {},
}  # fmt: skip


def files_of(number: str) -> list[Path]:
    (folder,) = CASES.glob(f"{number}-*")
    return sorted(path for path in (folder / "in").rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("number", "outcome", "words"),
    [
        ("21", "refuse", ["each of the 6 positions occurs 2 times"]),
        ("23", "refuse", ["not parallel (3 axial, 3 coronal, 3 sagittal), as in a localiser"]),
        ("29", "refuse", ["positions of 6 of 6 slices are not stated"]),
        ("33", "review", ["2 series"]),
        ("36", "review", ["tilted by about 15 degrees"]),
    ],
)
def test_one_cause_is_one_reason(number: str, outcome: str, words: list[str]) -> None:
    judgements = examine(facts(files_of(number)), QUESTION)
    open_points = [
        judgement.message
        for judgement in judgements
        if judgement.outcome != "accept" and judgement.criterion != "noise"
    ]
    assert overall(judgements) == outcome
    assert len(open_points) == len(words)
    assert all(word in point for word, point in zip(words, open_points, strict=True))


@pytest.mark.parametrize("number", ["30", "32"])
def test_odd_but_sound_geometry_is_accepted(number: str) -> None:
    judgements = examine(facts(files_of(number)), {name: entry for name, entry in QUESTION.items() if name != "noise"})
    assert overall(judgements) == "accept", [judgement.message for judgement in judgements]
    assert "8 slices every 2.50 mm" in " ".join(judgement.message for judgement in judgements)

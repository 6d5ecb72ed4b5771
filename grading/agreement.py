"""How far readers agree on an exam's quality: Cohen's kappa of each pair, Fleiss' kappa of all, never naming an exam's centre."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

import metrics
from challenges.frame import spec_of
from challenges.models import Question
from grading.models import Reading
from grading.settle import SCALE
from metrics.basis.contract import Score

KAPPA_WANTED = 0.6  # what the field asks of readers before their grades are used


def grades_by_exam(question: Question) -> dict[str, dict[int, str]]:
    """exam id: {reader: grade}, of every graded reading."""
    rows = Reading.objects.filter(exam__question=question, state=Reading.State.GRADED).order_by("exam_id", "reader_id")
    grades: dict[str, dict[int, str]] = defaultdict(dict)
    for exam_id, reader_id, grade in rows.values_list("exam_id", "reader_id", "grade"):
        grades[str(exam_id)][reader_id] = grade
    return dict(grades)


def agreement_of(question: Question) -> dict[str, Any]:
    """`{"exams", "together", "distribution", "pairs": [...], "fleiss": {...} | None}`.

    Kappas are quadratically weighted over A to D for pairs; Fleiss' needs exams that the same number of readers graded:
    as many as the question asks for.
    """
    grades = grades_by_exam(question)
    wanted = max(2, spec_of(question).grading.readers)
    together = {exam: by for exam, by in grades.items() if len(by) >= 2}
    return {
        "exams": len(grades),
        "together": len(together),
        "distribution": {
            letter: sum(grade == letter for by in grades.values() for grade in by.values()) for letter in SCALE
        },
        "pairs": _pairs(together),
        "fleiss": _fleiss(together, wanted),
    }


def _pairs(grades: Mapping[str, Mapping[int, str]]) -> list[dict[str, Any]]:
    readers = sorted({reader for by in grades.values() for reader in by})
    found = []
    for one, other in combinations(readers, 2):
        both = [(by[one], by[other]) for by in grades.values() if one in by and other in by]
        if not both:
            continue
        kappa = _score(
            "cohen_kappa",
            [pair[0] for pair in both],
            [pair[1] for pair in both],
            weights="quadratic",
            labels=SCALE,
        )
        same = sum(first == second for first, second in both) / len(both)
        found.append({"readers": (one, other), "exams": len(both), "same": same, "kappa": kappa})
    return found


def _fleiss(grades: Mapping[str, Mapping[int, str]], wanted: int) -> dict[str, Any] | None:
    complete = [list(by.values()) for by in grades.values() if len(by) == wanted]
    if len(complete) < 2:
        return None
    columns = np.array(complete)
    kappa = _score("fleiss_kappa", columns[:, 0], columns[:, 1:], labels=SCALE)
    return {"exams": len(complete), "readers": wanted, "kappa": kappa}


def _score(name: str, one: Any, other: Any, **params: Any) -> float | None:
    found = metrics.find(name).function(np.asarray(one), np.asarray(other), **params)
    return found.value if isinstance(found, Score) else found

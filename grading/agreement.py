"""How far readers agree on an exam's quality: Cohen's kappa of each pair, Fleiss' kappa of all, never naming an exam's centre."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from challenges.frame import spec_of
from challenges.models import Question
from concours import metrics
from concours.metrics.basis.contract import MetricValue
from grading.models import Reading
from grading.settle import SCALE

KAPPA_WANTED = 0.6  # what the field asks of readers before their grades are used


def grades_by_exam(question: Question) -> dict[str, dict[int, str]]:
    """exam id: {reader: grade}, of every graded reading."""
    rows = Reading.objects.filter(exam__question=question, state=Reading.State.GRADED).order_by("exam_id", "reader_id")
    grades: dict[str, dict[int, str]] = defaultdict(dict)
    for exam_id, reader_id, grade in rows.values_list("exam_id", "reader_id", "grade"):
        grades[str(exam_id)][reader_id] = grade
    return dict(grades)


@dataclass(frozen=True)
class ReaderPair:
    """Two readers (by their ids), over the exams that both graded; `same` is the share of equal grades."""

    readers: tuple[int, int]
    exams: int
    same: float
    kappa: float | None


@dataclass(frozen=True)
class FleissKappa:
    """Over the exams that exactly `readers` readers graded."""

    exams: int
    readers: int
    kappa: float | None


@dataclass(frozen=True)
class GradeAgreement:
    """`exams` have a grade, `together` of them two or more; `distribution` counts grades by their letter."""

    exams: int
    together: int
    distribution: dict[str, int]
    pairs: list[ReaderPair]
    fleiss: FleissKappa | None


def agreement_of(question: Question) -> GradeAgreement:
    """How far readers agree. Kappas are quadratically weighted over A to D for pairs; Fleiss' needs exams that the same
    number of readers graded: as many as the question asks for.
    """
    grades = grades_by_exam(question)
    together = {exam: by_reader for exam, by_reader in grades.items() if len(by_reader) >= 2}
    return GradeAgreement(
        exams=len(grades),
        together=len(together),
        distribution={
            letter: sum(grade == letter for by_reader in grades.values() for grade in by_reader.values())
            for letter in SCALE
        },
        pairs=_pairs(together),
        fleiss=_fleiss(together, max(2, spec_of(question).grading.readers)),
    )


def _pairs(grades: Mapping[str, Mapping[int, str]]) -> list[ReaderPair]:
    readers = sorted({reader for by_reader in grades.values() for reader in by_reader})
    pairs = []
    for first, second in combinations(readers, 2):
        both = [
            (by_reader[first], by_reader[second])
            for by_reader in grades.values()
            if first in by_reader and second in by_reader
        ]
        if not both:
            continue
        kappa = _score(
            "cohen_kappa",
            [pair[0] for pair in both],
            [pair[1] for pair in both],
            weights="quadratic",
            labels=SCALE,
        )
        same = sum(grade == other for grade, other in both) / len(both)
        pairs.append(ReaderPair((first, second), len(both), same, kappa))
    return pairs


def _fleiss(grades: Mapping[str, Mapping[int, str]], readers: int) -> FleissKappa | None:
    complete = [list(by_reader.values()) for by_reader in grades.values() if len(by_reader) == readers]
    if len(complete) < 2:
        return None
    columns = np.array(complete)
    kappa = _score("fleiss_kappa", columns[:, 0], columns[:, 1:], labels=SCALE)
    return FleissKappa(len(complete), readers, kappa)


def _score(name: str, first: Any, second: Any, **params: Any) -> float | None:
    value = metrics.find(name).function(np.asarray(first), np.asarray(second), **params)
    return value.value if isinstance(value, MetricValue) else value

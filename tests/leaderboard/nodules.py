"""A contest that is ranked by AUC: four chest CT whose labels only the test knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from challenges.models import Challenge, Phase, Question
from tests.factories.exams import frozen_batches, kept_exam
from tests.factories.people import team_in
from tests.factories.questions import deciding_phase, question
from tests.factories.submissions import csv_of, sent
from tests.scoring.test_every_kind_of_truth import SETS, by_public_id, series


@dataclass(frozen=True)
class Nodules:
    question: Question
    phase: Phase
    abnormal: Mapping[str, int]  # by public id

    def send(self, team: str, probabilities: Mapping[str, float]) -> None:
        content = csv_of("case_id", {"probability": probabilities})
        sent(self.question, team_in(self.question, team), content, name="probabilities.csv")


def nodules(within: Challenge | None = None) -> Nodules:
    question_row = question("nodules", SETS, within=within)
    labels = {}
    for number in range(6):
        volume = 300.0 if number % 2 else 20.0
        rows = [{"x": 1.0, "y": 2.0, "z": 3.0, "diameter": 3.0, "volume": volume, "density": "solid"}]
        labels[kept_exam(question_row, {"image": series(3, number)}, {"nodules": rows}).pk] = number % 2
    batch = frozen_batches(question_row)["evaluation"]
    return Nodules(question_row, deciding_phase(question_row), by_public_id(batch, labels))

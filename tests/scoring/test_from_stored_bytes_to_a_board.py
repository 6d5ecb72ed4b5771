"""The stages in a row on a small real batch: sealed, sent, validated, scored, ranked."""

from __future__ import annotations

import pytest

from leaderboard.models import Ranking
from scoring.models import Submission
from tests.factories.exams import frozen_batches, sarcopenia_exams, square, work_all
from tests.factories.people import team_in
from tests.factories.questions import deciding_phase, question
from tests.factories.submissions import masks_zip, sent, true_masks, worn

pytestmark = pytest.mark.django_db(transaction=True)
SIDES = [2, 3, 4, 5, 6, 7]
SETS = {"split": {"sets": {"training": 1, "validation": 1, "test": 4}}}


def test_a_better_file_is_placed_before_a_worse_one() -> None:
    question_row = question(changes=SETS)
    exams = sarcopenia_exams(question_row, SIDES)
    masks = {exam.pk: square(side) for exam, side in zip(exams, SIDES, strict=True)}
    batch = frozen_batches(question_row)["evaluation"]
    truth = true_masks(batch, masks)
    surface = {case: float(mask.sum()) * 0.49 for case, mask in truth.items()}
    good, bad = team_in(question_row, "Good"), team_in(question_row, "Bad")
    team_in(question_row, "Absent")
    sent(
        question_row, bad, masks_zip({c: worn(m, 2) for c, m in truth.items()}, {c: s + 3 for c, s in surface.items()})
    )
    sent(
        question_row, good, masks_zip({c: worn(m, 1) for c, m in truth.items()}, {c: s + 1 for c, s in surface.items()})
    )
    assert "rank_phase" in work_all()
    assert set(Submission.objects.values_list("state", flat=True)) == {"scored"}
    ranking = Ranking.objects.filter(phase=deciding_phase(question_row)).latest("number")
    board = [(placing.place, placing.team.name, placing.status, placing.total) for placing in ranking.placings.all()]
    assert board == [(1, "Good", "ranked", 2.0), (2, "Bad", "ranked", 4.0), (None, "Absent", "N.S.", None)]
    first = ranking.placings.first()
    assert first is not None and first.scores["surface_mse"] == 1.0

"""Tables with derived labels, clinical values, volumes as run lengths: sealed from exams and scored by what teams send."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from batches.models import Batch
from core.storage import put_bytes
from leaderboard.models import Ranking
from scoring.models import Score, Submission, Truth
from tests.concours.formats.builders import AFFINE, nifti
from tests.factories.exams import frozen_batches, kept_exam, work_all
from tests.factories.people import team_in
from tests.factories.questions import question
from tests.factories.submissions import csv_of, sent
from uploads.models import Annotation, Exam

pytestmark = pytest.mark.django_db
SETS = {"split": {"sets": {"training": 1, "validation": 1, "test": 4}, "stratify": []}}


def series(slices: int, seed: int) -> list[NDArray[np.uint16]]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 2000, (10, 8)).astype(np.uint16) for _ in range(slices)]


def by_public_id(batch: Batch, values: dict[Any, Any]) -> dict[str, Any]:
    return {item.public_id: values[item.exam_id] for item in batch.items.all()}


def test_nodules_are_abnormal_by_their_rows_and_ranked_by_auc() -> None:
    question_row = question("nodules", SETS)
    labels: dict[Any, int] = {}
    for number in range(6):
        volume = 300.0 if number % 2 else 20.0
        rows = [{"x": 1.0, "y": 2.0, "z": 3.0, "diameter": 3.0, "volume": volume, "density": "solid"}]
        exam = kept_exam(question_row, {"image": series(3, number)}, {"nodules": rows})
        labels[exam.pk] = int(volume > 100)
    batch = frozen_batches(question_row)["evaluation"]
    truth = by_public_id(batch, labels)
    assert 0 < sum(truth.values()) < 4
    right, wrong = team_in(question_row, "Right"), team_in(question_row, "Wrong")
    sent(
        question_row,
        right,
        csv_of("case_id", {"probability": {c: 0.2 + 0.6 * y for c, y in truth.items()}}),
        name="p.csv",
    )
    sent(
        question_row,
        wrong,
        csv_of("case_id", {"probability": {c: 0.8 - 0.6 * y for c, y in truth.items()}}),
        name="p.csv",
    )
    work_all()
    assert [(p.place, p.team.name, p.scores["auc"]) for p in Ranking.objects.latest("number").placings.all()] == [
        (1, "Right", 1.0),
        (2, "Wrong", 0.0),
    ]
    assert not Annotation.objects.filter(exam__batch_items__batch=batch).exclude(value=None).exists()


def test_clinical_values_that_teams_receive_stay_and_the_answer_goes() -> None:
    question_row = question("ms-edss", SETS)
    edss: dict[Any, float] = {}
    for number in range(6):
        values = {"age": 30 + number, "sex": "F", "exam_date": "2019-01-02", "edss": [0, 1, 1.5, 2, 4.5, 6][number]}
        exam = kept_exam(question_row, {"flair": series(2, number)}, values)
        edss[exam.pk] = float(values["edss"])  # type: ignore[arg-type]
    batch = frozen_batches(question_row)["evaluation"]
    truth = by_public_id(batch, edss)
    rows = Annotation.objects.filter(exam__batch_items__batch=batch)
    assert {row.field for row in rows.exclude(value=None)} == {"age", "sex", "exam_date"}
    assert {row.field for row in rows.exclude(sealed_at=None)} == {"edss"}
    sent(
        question_row,
        team_in(question_row, "Off"),
        csv_of("case_id", {"edss": {c: v + 2 for c, v in truth.items()}}),
        name="e.csv",
    )
    work_all()
    assert Score.objects.get(part="all").value == pytest.approx(4.0)


def runs_of(mask: NDArray[np.uint8]) -> str:
    """Run lengths in C order, counted from 1."""
    flat = np.concatenate([[0], mask.ravel(order="C"), [0]])
    edges = np.flatnonzero(np.diff(flat))
    return " ".join(f"{start + 1} {end - start}" for start, end in zip(edges[::2], edges[1::2], strict=True))


def test_a_volume_is_sealed_on_its_grid_and_scored_from_run_lengths() -> None:
    question_row = question("lung-tumour", {**SETS, "split": {"sets": {"training": 2, "test": 4}, "stratify": []}})
    masks: dict[Any, NDArray[np.uint8]] = {}
    for number in range(6):
        mask = np.zeros((8, 10, 4), np.uint8)
        mask[1 : 3 + number % 3, 2:6, 1:3] = 1
        exam = kept_exam(question_row, {"ct": series(4, number)}, {})
        annotate_volume(exam, "tumour", mask)
        masks[exam.pk] = mask
    batch = next(frozen_batch for frozen_batch in frozen_batches(question_row).values() if frozen_batch.is_evaluation)
    truth = by_public_id(batch, masks)
    assert Truth.objects.get(batch=batch).public_manifest["grid"]["shape"] == [8, 10, 4]
    table = csv_of("id", {"rle": {case: runs_of(mask) for case, mask in truth.items()}})
    sent(question_row, team_in(question_row, "Exact"), table, name="masks.csv")
    work_all()
    submission = Submission.objects.get()
    assert submission.state == "scored", submission.faults
    scores = dict(Score.objects.filter(part="all").values_list("name", "value"))
    assert scores["dice"] == 1.0 and scores["recist"] == 0.0 and scores["volume"] == 0.0
    assert set(Score.objects.values_list("part", flat=True)) == {"all", "public", "private"}


def annotate_volume(exam: Exam, field: str, mask: NDArray[np.uint8]) -> None:
    blob = put_bytes("exams", f"exam-{exam.pk}", nifti(mask, AFFINE))
    Annotation.objects.create(exam=exam, field=field, blob_key=blob.key, blob_name="nii.gz", sha256=blob.sha256)

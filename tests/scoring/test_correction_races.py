"""Two people decide about one correction, or a truth is sealed while a value is corrected: one outcome, and the truth has it."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from anonymization.correct import confirm_correction, reject_correction
from anonymization.models import Correction
from batches.models import Batch
from batches.split import draft_split, freeze_split
from challenges.models import Question
from core.models import AuditRecord
from core.performing import perform
from core.storage import read_blob
from core.work import enqueue
from scoring.models import Truth
from tests.factories.corrections import SETS, corrected, patients, second_organiser
from tests.factories.exams import frozen_batches, work_all
from tests.factories.people import person
from tests.factories.questions import question
from tests.interleaved import overlapping
from uploads.models import Annotation, Exam

BOTH = pytest.mark.parametrize(
    "any_database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
DECIDED = {"move_not_allowed", "changed_meanwhile"}


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR, settings.STAGING_DIR = tmp_path / "keys", tmp_path / "staging"
    settings.WORK_HEARTBEAT_SECONDS = 3600


def question_row() -> Question:
    of = question("prognosis", SETS)
    patients(of)
    return of


def deaths(truth: Truth) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(read_blob("sealed", truth.blob_key))) as archive:
        rows = csv.DictReader(io.StringIO(archive.read("truth.csv").decode()))
        return {row["case_id"]: row["death"] for row in rows}


@BOTH
@pytest.mark.parametrize("order", [1, -1])
def test_one_of_two_decisions_counts(any_database: str, order: int, monkeypatch: pytest.MonkeyPatch) -> None:
    of = question_row()
    batch = frozen_batches(of)["evaluation"]
    second = second_organiser(of.challenge)
    item = batch.items.select_related("exam").order_by("position")[0]
    old = deaths(Truth.objects.get(batch=batch))
    proposed = corrected(
        item.exam, "death", 0 if old[item.public_id].lower() in ("1", "true") else 1, by=person("Olga")
    )

    def confirm() -> None:
        confirm_correction(correction=Correction.objects.get(pk=proposed.pk), actor=second)

    def reject() -> None:
        reject_correction(correction=Correction.objects.get(pk=proposed.pk), actor=second, note="no")

    errors = overlapping(monkeypatch, "anonymization.apply_correction.move", *[confirm, reject][::order])
    assert [getattr(error, "reason", error) for error in errors] and len(errors) == 1
    assert getattr(errors[0], "reason", "") in DECIDED
    work_all()
    proposed.refresh_from_db()
    newest = Truth.objects.filter(batch=batch).latest("version")
    if order == 1:
        assert proposed.state == "corrected" and newest.version == 2
        assert {case for case, answer in deaths(newest).items() if answer != old[case]} == {item.public_id}
    else:
        assert proposed.state == "rejected" and newest.version == 1
    verbs = AuditRecord.objects.filter(subject_kind="correction").order_by("pk").values_list("verb", flat=True)
    assert list(verbs)[1:2] == ["correction confirmed" if order == 1 else "correction rejected"]


@BOTH
@pytest.mark.parametrize("order", [1, -1])
def test_a_value_corrected_while_its_truth_is_sealed(
    any_database: str, order: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either the truth is first, and a second organiser decides; or the correction is, and the truth has it."""
    of = question_row()
    # From the freeze on the labels of evaluation exams are in no table that web processes read.
    values = dict(Annotation.objects.filter(field="death").values_list("exam_id", "value"))
    freeze_split(split=draft_split(question=of, actor=None), actor=None)
    work_all(("build_batch",))
    batch = Batch.objects.get(question=of, name="evaluation")
    item = batch.items.select_related("exam").order_by("position")[0]
    before = values[item.exam_id]
    row = enqueue("seal_truth", batch)

    def correct_it() -> None:
        corrected(Exam.objects.get(pk=item.exam_id), "death", int(not before), by=person("Olga"))

    hook = {1: "scoring.seal.next_number", -1: "anonymization.apply_correction.add_version"}[order]
    assert overlapping(monkeypatch, hook, *[lambda: perform(row.pk), correct_it][::order]) == []
    work_all()
    correction = Correction.objects.get()
    assert (correction.state, correction.scope) == (("proposed", "sealed") if order == 1 else ("corrected", "frozen"))
    truth = Truth.objects.get(batch=batch)
    predicted = deaths(truth)[item.public_id].lower() in ("1", "true")
    assert predicted == (before if order == 1 else not before)
    assert item.exam.annotations.filter(field="death").exclude(sealed_at=None).count() == (1 if order == 1 else 2)

"""An exam is withdrawn, a batch revoked or a split drafted while somebody else is at it: the archive and the sets are right."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from batches.models import Batch, Split
from batches.release import choose_face, reschedule_batch, revoke_batch
from batches.split import draft_split, freeze_split
from core.performing import perform
from core.storage import store
from core.work import enqueue
from tests.factories.exams import sarcopenia_exams, work_all
from tests.factories.questions import question
from tests.interleaved import overlapping, together
from uploads.models import Exam
from uploads.withdraw import withdraw_exam

BOTH = pytest.mark.parametrize(
    "any_database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
SETS = {"split": {"sets": {"training": 2, "validation": 1, "test": 1}}}


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR, settings.STAGING_DIR = tmp_path / "keys", tmp_path / "staging"
    settings.WORK_HEARTBEAT_SECONDS = 3600


def planned_batch() -> Batch:
    """The training batch, not out yet, its building asked for."""
    question_row = question(changes=SETS)
    sarcopenia_exams(question_row, (2, 3, 4, 5))
    freeze_split(split=draft_split(question=question_row, actor=None), actor=None)
    batch = Batch.objects.get(question=question_row, set_name="training")
    Batch.objects.update(released_at=timezone.now() + timedelta(days=1))
    batch.refresh_from_db()
    return batch


def withdraw(exam_id: Any) -> None:
    withdraw_exam(exam=Exam.objects.get(pk=exam_id), actor=None, reason="the patient objected")


@BOTH
@pytest.mark.parametrize("order", [1, -1])
def test_an_exam_withdrawn_while_its_batch_is_finished_is_not_in_the_archive(
    any_database: str, order: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = planned_batch()
    item = batch.items.first()
    assert item is not None
    row = enqueue("build_batch", batch)
    doers = [lambda: perform(row.pk), lambda: withdraw(item.exam_id)][::order]
    hook = {1: "batches.build.move", -1: "batches.release.enqueue"}[order]
    assert overlapping(monkeypatch, hook, *doers) == []
    work_all(("build_batch",))
    batch.refresh_from_db()
    assert batch.state == "built"
    assert item.public_id not in {case["id"] for case in batch.manifest["cases"]} and batch.manifest["cases"]
    assert store("deliveries").listdir(f"batch-{batch.pk}")[1] == [batch.archive_sha256]


@BOTH
@pytest.mark.parametrize("order", [1, -1])
def test_a_batch_revoked_while_it_is_finished_is_revoked(
    any_database: str, order: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = planned_batch()
    row = enqueue("build_batch", batch)
    doers = [
        lambda: perform(row.pk),
        lambda: revoke_batch(batch=Batch.objects.get(pk=batch.pk), actor=None, reason="a wrong case"),
    ][::order]
    hook = {1: "batches.build.move", -1: "batches.release.move"}[order]
    assert overlapping(monkeypatch, hook, *doers) == []
    work_all(("build_batch",))
    batch.refresh_from_db()
    assert batch.state == "revoked"


@BOTH
def test_faces_chosen_while_the_batch_is_finished_are_in_the_archive(
    any_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = planned_batch()
    row = enqueue("build_batch", batch)
    chosen = lambda: choose_face(batch=Batch.objects.get(pk=batch.pk), face="blank", actor=None, reason="heads")  # noqa: E731
    assert overlapping(monkeypatch, "batches.build.move", lambda: perform(row.pk), chosen) == []
    work_all(("build_batch",))
    batch.refresh_from_db()
    assert batch.state == "built" and batch.manifest["face"] == "blank"


@BOTH
def test_two_drafts_at_once_leave_one_in_force(any_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    question_row = question(changes=SETS)
    sarcopenia_exams(question_row, (2, 3, 4, 5))
    doers = [lambda seed=seed: draft_split(question=question_row, actor=None, seed=seed) for seed in (1, 2)]
    assert overlapping(monkeypatch, "batches.split._replaceable", *doers) == []
    assert sorted(Split.objects.values_list("number", "state")) == [(1, "replaced"), (2, "draft")]


@BOTH
def test_sets_frozen_twice_at_once_are_frozen_once(any_database: str) -> None:
    question_row = question(changes=SETS)
    sarcopenia_exams(question_row, (2, 3, 4, 5))
    split = draft_split(question=question_row, actor=None)
    freeze = lambda: freeze_split(split=Split.objects.get(pk=split.pk), actor=None)  # noqa: E731
    errors = together(freeze, freeze)
    assert all(getattr(error, "reason", "") in ("changed_meanwhile", "move_not_allowed") for error in errors)
    assert len(errors) <= 1 and Split.objects.get().state == "frozen"
    assert Batch.objects.count() == len({batch.name for batch in Batch.objects.all()})


@pytest.mark.django_db
def test_a_page_that_shows_an_old_state_moves_no_batch_that_is_out() -> None:
    batch = planned_batch()
    work_all(("build_batch",))
    stale = Batch.objects.get(pk=batch.pk)
    Batch.objects.update(released_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(Exception, match="already released"):
        reschedule_batch(batch=stale, released_at=timezone.now() + timedelta(days=1), actor=None, reason="later")

"""A child that somebody kills is the platform's fault at every stage: tried again, nothing blamed, nothing erased."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import models

from core.models import Work
from core.performing import perform
from core.storage import store
from scoring.models import Submission
from tests.children import end_children
from tests.concours.formats.builders import zipped
from tests.factories.contests import contest
from tests.factories.exams import work_all
from tests.factories.people import team_in
from tests.factories.questions import question
from tests.factories.submissions import sent as submitted
from tests.uploads.test_receive import exam_files
from tests.uploads.test_receive import sent as uploaded
from uploads import staging
from uploads.models import Exam, Upload

# One connection, and no thread beside the test's own.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR, settings.STAGING_DIR = tmp_path / "keys", tmp_path / "staging"
    settings.WORK_HEARTBEAT_SECONDS = 3600


@dataclass(frozen=True)
class Point:
    """Work that reads a stranger's file: what it is about, its state before and after, and the bytes that must stay."""

    row: Work
    subject: models.Model
    before: str
    after: str
    refused: str
    kept: Callable[[], bool]


def exam_up_to(stage: str) -> Exam:
    uploaded(question(), zipped(exam_files(4)))
    for earlier in ("receive", "deidentify"):
        if earlier == stage:
            break
        work_all((earlier,))
    return Exam.objects.get()


def at_receive() -> Point:
    upload = uploaded(question(), zipped(exam_files(4)))
    row = Work.objects.get(stage="receive")
    return Point(row, upload, "stored", "received", "refused", lambda: staging.staging_path(upload.pk).exists())


def at_deidentify() -> Point:
    exam = exam_up_to("deidentify")
    remaining = lambda: store("quarantine").exists(exam.quarantine_key)  # noqa: E731
    return Point(Work.objects.get(stage="deidentify"), exam, "received", "deidentified", "refused", remaining)


def at_check_quality() -> Point:
    exam = exam_up_to("check_quality")
    remaining = lambda: store("exams").exists(exam.bundle_key)  # noqa: E731
    return Point(Work.objects.get(stage="check_quality"), exam, "deidentified", "accepted", "refused", remaining)


def at_validate_submission() -> Point:
    scene = contest()
    submission = submitted(scene.question, team_in(scene.question, "Owls"), scene.entry())
    row = Work.objects.get(stage="validate_submission")
    return Point(
        row, submission, "received", "valid", "rejected", lambda: store("submissions").exists(submission.blob_key)
    )


def at_score_submission() -> Point:
    point = at_validate_submission()
    perform(point.row.pk)
    submission = Submission.objects.get()
    row = Work.objects.get(stage="score_submission")
    return Point(row, submission, "valid", "scored", "rejected", point.kept)


POINTS = [at_receive, at_deidentify, at_check_quality, at_validate_submission, at_score_submission]
each_stage = pytest.mark.parametrize("make", POINTS)


def state_of(point: Point) -> str:
    return str(type(point.subject)._default_manager.values_list("state", flat=True).get(pk=point.subject.pk))


def work_state(point: Point) -> tuple[str, int]:
    row = Work.objects.get(pk=point.row.pk)
    return row.state, row.attempts


def tried_again(point: Point) -> None:
    Work.objects.filter(pk=point.row.pk).update(run_at=point.row.created_at)
    assert perform(point.row.pk)


@each_stage
def test_a_killed_child_is_tried_again_and_nothing_is_lost(
    make: Callable[[], Point], monkeypatch: pytest.MonkeyPatch
) -> None:
    point = make()
    end_children(monkeypatch, signal.SIGKILL)
    perform(point.row.pk)
    assert (state_of(point), work_state(point), point.kept()) == (point.before, ("waiting", 0), True)
    tried_again(point)
    assert (state_of(point), work_state(point)[0]) == (point.after, "done")


@each_stage
def test_children_that_are_killed_every_time_are_the_platforms_failure(
    make: Callable[[], Point], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    point = make()
    settings.WORK_OUTAGES = settings.WORK_ATTEMPTS + 2
    end_children(monkeypatch, signal.SIGKILL, times=settings.WORK_OUTAGES)
    perform(point.row.pk)
    for _ in range(settings.WORK_OUTAGES - 2):
        tried_again(point)
    assert work_state(point) == ("waiting", 0)
    tried_again(point)
    assert (work_state(point)[0], point.kept()) == ("failed", True)
    assert state_of(point) == ("failed" if isinstance(point.subject, Submission) else point.before)
    assert Work.objects.get(pk=point.row.pk).reason


@each_stage
def test_a_crash_that_happens_once_is_nobodys_fault(make: Callable[[], Point], monkeypatch: pytest.MonkeyPatch) -> None:
    point = make()
    end_children(monkeypatch, signal.SIGSEGV)
    perform(point.row.pk)
    assert (state_of(point), work_state(point)) == (point.after, ("done", 0))


@each_stage
def test_a_file_that_crashes_its_reader_twice_is_refused(
    make: Callable[[], Point], monkeypatch: pytest.MonkeyPatch
) -> None:
    point = make()
    end_children(monkeypatch, signal.SIGSEGV, times=2)
    perform(point.row.pk)
    assert (state_of(point), work_state(point)) == (point.refused, ("done", 0))
    subject = type(point.subject)._default_manager.get(pk=point.subject.pk)
    if isinstance(subject, Upload | Submission):
        assert subject.faults[0]["reason"] == "unreadable_file"

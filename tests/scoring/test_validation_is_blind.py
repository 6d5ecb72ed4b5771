"""Validation names every error at once, opens no truth, and says the same under any truth."""

from __future__ import annotations

from typing import Any

import pytest

from concours.formats.child import ChildFailedError, run_limited
from core.models import Work
from core.storage import erase, store
from core.work import enqueue
from scoring.models import Submission, Truth
from scoring.validate import check
from tests.factories.contests import contest
from tests.factories.exams import png, square, work_all
from tests.factories.people import team_in
from tests.factories.submissions import csv_of, sent, zipped

pytestmark = pytest.mark.django_db


def three_faults(ids: list[str]) -> bytes:
    """A case without a mask, a surface that is no number, a case that nobody asked for."""
    files = {f"{case}.png": png(mask) for case, mask in zip(ids[1:], [square(3)] * 3, strict=True)}
    surfaces: dict[str, Any] = dict.fromkeys(ids, 4.5)
    surfaces[ids[2]] = "much"
    surfaces["case-unknown"] = 1
    return zipped({**files, "surfaces.csv": csv_of("case_id", {"surface": surfaces})})


def test_all_errors_at_once_and_no_attempt_lost() -> None:
    scene = contest({"limits": {"per_phase": 1}})
    ids = sorted(scene.masks)
    team = team_in(scene.question, "Owls")
    submission = sent(scene.question, team, three_faults(ids))
    work_all()
    submission.refresh_from_db()
    assert submission.state == "rejected"
    assert {fault["reason"] for fault in submission.faults} == {"missing_file", "non_numeric", "extra_id"}
    assert any(ids[0] in fault["where"] + fault["message"] for fault in submission.faults)
    again = sent(scene.question, team, scene.entry())
    work_all()
    again.refresh_from_db()
    assert again.state == "scored"


def test_the_words_are_the_same_with_the_truth_gone() -> None:
    scene = contest()
    submission = sent(scene.question, team_in(scene.question, "Owls"), three_faults(sorted(scene.masks)))
    truth = Truth.objects.get(batch=scene.batch)
    before = [fault.to_json() for fault in check(submission, truth)[0]]
    erase("sealed", truth.blob_key)
    assert not store("sealed").exists(truth.blob_key)
    assert [fault.to_json() for fault in check(submission, truth)[0]] == before and before


def test_the_child_that_validates_cannot_open_the_truth() -> None:
    scene = contest()
    submission = sent(scene.question, team_in(scene.question, "Owls"), scene.entry())
    truth = Truth.objects.get(batch=scene.batch)
    own, sealed = (
        store(name).path(key) for name, key in (("submissions", submission.blob_key), ("sealed", truth.blob_key))
    )
    manifest = truth.public_manifest
    question = submission.phase.question.current().source
    assert run_limited("scoring.engine_run:check", question, manifest, own, read=[own])["cases"] == 4
    with pytest.raises(ChildFailedError, match="PermissionError"):
        run_limited("scoring.engine_run:check", question, manifest, sealed, read=[own])


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 damaged", b"\x00" * 3000])
def test_a_file_that_is_nothing_is_rejected_in_words(content: bytes) -> None:
    scene = contest()
    submission = sent(scene.question, team_in(scene.question, "Owls"), content)
    work_all()
    submission.refresh_from_db()
    assert submission.state == "rejected" and submission.faults[0]["message"]


def test_validated_twice_is_validated_once() -> None:
    scene = contest()
    submission = sent(scene.question, team_in(scene.question, "Owls"), scene.entry())
    work_all(("validate_submission",))
    assert Submission.objects.get().state == "valid"
    enqueue("validate_submission", submission)
    work_all(("validate_submission",))
    assert Submission.objects.get().state == "valid"


def test_before_the_truth_is_sealed_a_submission_waits_and_is_not_lost() -> None:
    scene = contest()
    Truth.objects.all().delete()
    submission = sent(scene.question, team_in(scene.question, "Owls"), scene.entry())
    work_all()
    submission.refresh_from_db()
    assert submission.state == "received"
    row = Work.objects.get(stage="validate_submission")
    assert row.state == "waiting" and row.run_at > row.created_at

"""In time is `opens <= last durable byte < closes`, to the microsecond; what is late is refused in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.claims import Claim
from core.errors import NotAllowedError
from core.models import Work
from core.performing import fail, perform
from core.progress import progress_of
from core.words import say
from core.work import enqueue
from scoring.models import Submission
from scoring.submit import LateSubmissionError, submit
from tests.factories.exams import work_all
from tests.factories.people import team_in
from tests.factories.questions import deciding_phase, question
from tests.factories.submissions import stored_upload
from uploads import staging
from uploads.models import Upload

pytestmark = pytest.mark.django_db

OPENS, CLOSES = datetime(2019, 10, 13, 7, tzinfo=UTC), datetime(2019, 10, 13, 8, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
WINDOW = {"phases": {"final": {"opens": OPENS.isoformat(), "closes": CLOSES.isoformat()}}}


@pytest.mark.parametrize("at", [OPENS, CLOSES - MICROSECOND])
def test_the_first_and_the_last_microsecond_count(at: datetime) -> None:
    question_row = question(changes=WINDOW)
    upload = stored_upload(question_row, team_in(question_row, "Owls"), b"x", at=at)
    submission = submit(upload=upload, actor=upload.owner)
    assert submission.received_at == at and submission.state == "received"
    upload.refresh_from_db()
    assert upload.state == "received" and not staging.staging_path(upload.pk).exists()


@pytest.mark.parametrize("at", [OPENS - MICROSECOND, CLOSES, CLOSES + MICROSECOND])
def test_a_microsecond_outside_is_refused_with_both_times_and_the_zone(at: datetime) -> None:
    question_row = question(changes=WINDOW)
    upload = stored_upload(question_row, team_in(question_row, "Owls"), b"x", at=at)
    with pytest.raises(LateSubmissionError) as refusal:
        submit(upload=upload, actor=upload.owner)
    words = refusal.value.words()
    assert "2019-10-13 09:00:00 CEST" in words and "2019-10-13 10:00:00 CEST" in words
    upload.refresh_from_db()
    assert upload.state == "refused" and upload.reason == "late_submission"
    assert say(upload.faults[0]["template"], upload.faults[0]["values"]) == words
    assert not Submission.objects.exists() and not staging.staging_path(upload.pk).exists()


def test_who_asks_after_the_worker_refused_is_answered_as_the_first_would_be() -> None:
    question_row = question(changes=WINDOW)
    first, second = (
        stored_upload(question_row, team_in(question_row, name), b"x", at=CLOSES) for name in ("Owls", "Larks")
    )
    enqueue("accept_submission", second)
    work_all(("accept_submission",))
    answers = []
    for upload in (first, second):
        with pytest.raises(LateSubmissionError) as refusal:
            submit(upload=upload, actor=upload.owner)
        answers.append((refusal.value.reason, refusal.value.words()))
    assert answers[0] == answers[1] and answers[0][0] == "closed"


def test_what_was_stored_in_time_is_in_time_however_late_the_worker_comes() -> None:
    question_row = question(changes=WINDOW)
    upload = stored_upload(question_row, team_in(question_row, "Owls"), b"x", at=CLOSES - MICROSECOND)
    enqueue("accept_submission", upload)
    assert "accept_submission" in work_all(("accept_submission",))
    assert Submission.objects.get().upload == upload


def test_the_worker_refuses_what_is_late_and_is_done_with_it() -> None:
    question_row = question(changes=WINDOW)
    upload = stored_upload(question_row, team_in(question_row, "Owls"), b"x", at=CLOSES)
    enqueue("accept_submission", upload)
    assert work_all(("accept_submission",)) == ["accept_submission"]
    upload.refresh_from_db()
    assert upload.state == "refused" and not Submission.objects.exists()


def test_the_worker_and_the_api_make_one_submission_of_one_upload() -> None:
    question_row = question()
    upload = stored_upload(question_row, team_in(question_row, "Owls"), b"x")
    first = submit(upload=upload, actor=upload.owner)
    enqueue("accept_submission", upload)
    work_all(("accept_submission",))
    again = submit(upload=Upload.objects.get(pk=upload.pk), actor=upload.owner, description="a U-Net")
    assert again.pk == first.pk and Submission.objects.count() == 1
    assert Submission.objects.get().description == "a U-Net"


def test_a_second_upload_under_the_same_key_is_the_same_submission() -> None:
    question_row = question()
    team = team_in(question_row, "Owls")
    entry, two = (stored_upload(question_row, team, b"x", idempotency_key="k1") for _ in range(2))
    first = submit(upload=entry, actor=entry.owner)
    assert submit(upload=two, actor=two.owner).pk == first.pk
    two.refresh_from_db()
    assert two.state == "refused" and two.reason == "duplicate_file"


def test_a_key_told_after_the_worker_took_the_upload_is_kept() -> None:
    """A worker may be faster than the call that names the key: a second try under it is still the same submission."""
    question_row = question()
    team = team_in(question_row, "Owls")
    entry, two, three = (stored_upload(question_row, team, b"x") for _ in range(3))
    enqueue("accept_submission", entry)
    work_all(("accept_submission",))
    first = submit(upload=Upload.objects.get(pk=entry.pk), actor=entry.owner, idempotency_key="k1")
    assert submit(upload=two, actor=two.owner, idempotency_key="k1").pk == first.pk
    enqueue("accept_submission", three)
    work_all(("accept_submission",))
    assert submit(upload=Upload.objects.get(pk=three.pk), actor=three.owner, idempotency_key="k1").pk == first.pk
    assert [s.state for s in Submission.objects.exclude(pk=first.pk)] == ["cancelled"]  # it costs no attempt


@pytest.mark.parametrize("lacks", ["charter", "entry", "membership", "approval", "excluded"])
def test_who_may_not_take_part_is_refused(lacks: str) -> None:
    question_row = question()
    team = team_in(question_row, "Owls")
    upload = stored_upload(question_row, team, b"x")
    if lacks == "charter":
        upload.owner.signatures.all().delete()
    elif lacks == "entry":
        team.entries.all().delete()
    elif lacks == "membership":
        team.memberships.all().delete()
    elif lacks == "approval":
        type(team).objects.filter(pk=team.pk).update(state="withdrawn")
        team.refresh_from_db()
        upload.team = team
    else:
        team.entries.update(excluded_reason="a copied submission")
    with pytest.raises(NotAllowedError):
        submit(upload=upload, actor=upload.owner)
    upload.refresh_from_db()
    assert upload.state == "refused" and not Submission.objects.exists()


def test_a_phase_can_be_named_and_one_that_takes_exams_cannot() -> None:
    question_row = question()
    team = team_in(question_row, "Owls")
    upload = stored_upload(question_row, team, b"x", phase="final")
    assert submit(upload=upload, actor=upload.owner).phase == deciding_phase(question_row)
    other = stored_upload(question_row, team, b"x", phase="inclusion")
    with pytest.raises(Exception, match="inclusion"):
        submit(upload=other, actor=other.owner)
    other.refresh_from_db()
    assert other.state == "refused"


def test_bytes_that_the_platform_cannot_take_over_are_told_and_keep_their_moment() -> None:
    question_row = question()
    upload = stored_upload(question_row, team_in(question_row, "Owls"), b"x")
    staging.discard(staging.staging_path(upload.pk))
    work = enqueue("accept_submission", upload)
    for _ in range(3):
        Work.objects.filter(pk=work.pk).update(run_at=upload.stored_at)
        with pytest.raises(FileNotFoundError):
            perform(work.pk)
        fail(Claim(work.pk, work.stage, work.subject_id, Work.objects.get(pk=work.pk).token), "FileNotFoundError")
    upload.refresh_from_db()
    assert upload.state == "stored" and Work.objects.get(pk=work.pk).state == "failed"
    assert progress_of(upload).filter(audience="team", state="failed").count() == 1

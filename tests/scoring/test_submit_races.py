"""A request and a worker take over one upload at the same time: one submission, and both get the same answer."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from core.claims import claim_row
from core.errors import QuotaError
from core.models import Work
from core.performing import perform
from core.storage import store
from core.work import enqueue
from scoring.models import Submission
from scoring.quota import remaining
from scoring.submit import submit
from tests.factories.contests import Contest, contest
from tests.factories.exams import work_all
from tests.factories.people import member_of, team_in
from tests.factories.questions import deciding_phase, question
from tests.factories.submissions import sent, stored_upload
from tests.interleaved import meanwhile, together
from uploads import staging
from uploads.models import Upload

BEFORE_COPY, BEFORE_ROW = "scoring.submit.put_file", "scoring.submit._create"
MOMENTS = pytest.mark.parametrize("moment", [BEFORE_COPY, BEFORE_ROW])


def post(upload: Upload, **more: Any) -> Any:
    client = APIClient()
    client.force_authenticate(upload.owner)
    return client.post("/api/v1/submissions/", {"upload": str(upload.pk), **more}, format="json")


def work(upload: Upload) -> Work:
    row = enqueue("accept_submission", upload)
    perform(row.pk)
    row.refresh_from_db()
    return row


@pytest.mark.django_db
@MOMENTS
def test_the_request_is_second_and_gets_the_workers_submission(moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    question_row = question()
    upload = stored_upload(question_row, team_in(question_row, "Owls"), b"x")
    meanwhile(monkeypatch, moment, lambda: work(upload))
    answer = post(upload, description="a U-Net", declared={"parameters": 7}, idempotency_key="k")
    assert answer.status_code == 201
    submission = Submission.objects.get()
    assert answer.json()["id"] == str(submission.pk) and answer.json()["description"] == "a U-Net"
    assert submission.idempotency_key == "k" and submission.declared == {"parameters": 7}
    assert store("submissions").exists(submission.blob_key) and not staging.staging_path(upload.pk).exists()


@pytest.mark.django_db
@MOMENTS
def test_the_worker_is_second_and_its_work_is_done_at_once(moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    question_row = question()
    upload = stored_upload(question_row, team_in(question_row, "Owls"), b"x")
    answers = meanwhile(monkeypatch, moment, lambda: post(upload))
    row = work(upload)
    assert answers[0].status_code == 201 and (row.state, row.attempts) == ("done", 0)
    assert Submission.objects.count() == 1


@pytest.mark.django_db
@MOMENTS
def test_the_request_is_second_and_reads_the_workers_refusal(moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    question_row = question(changes={"limits": {"per_phase": 1}})
    team = team_in(question_row, "Owls")
    sent(question_row, team, b"x")
    upload = stored_upload(question_row, team, b"y")
    meanwhile(monkeypatch, moment, lambda: work(upload))
    answer = post(upload)
    assert answer.status_code == 429 and answer.json()["reason"] == "quota"
    assert "its 1 submission of" in answer.json()["detail"]
    assert not (
        store("submissions").exists(f"upload-{upload.pk}") and store("submissions").listdir(f"upload-{upload.pk}")[1]
    )


@pytest.mark.django_db
@MOMENTS
def test_the_worker_is_second_and_leaves_the_requests_refusal(moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    question_row = question(changes={"limits": {"per_phase": 1}})
    team = team_in(question_row, "Owls")
    sent(question_row, team, b"x")
    upload = stored_upload(question_row, team, b"y")
    answers = meanwhile(monkeypatch, moment, lambda: post(upload))
    row = work(upload)
    assert answers[0].status_code == 429 and (row.state, row.attempts) == ("done", 0)
    upload.refresh_from_db()
    assert upload.state == "refused" and upload.reason == "quota_exceeded" and Submission.objects.count() == 1


@pytest.mark.django_db
def test_a_call_that_is_refused_while_another_is_accepted_gets_the_submission(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quota was full when the call began; meanwhile a submission was cancelled and the worker took the upload."""
    question_row = question()
    upload = stored_upload(question_row, team_in(question_row, "Owls"), b"x")

    def refuse_after_worker(*_args: Any, **_kwargs: Any) -> None:
        monkeypatch.undo()
        work(upload)
        raise QuotaError("full")

    monkeypatch.setattr("scoring.submit.phase_at", refuse_after_worker)
    assert submit(upload=upload, actor=upload.owner).pk == Submission.objects.get().pk


@pytest.mark.django_db
def test_a_lost_file_is_the_platforms_fault_and_refuses_nothing() -> None:
    question_row = question()
    upload = stored_upload(question_row, team_in(question_row, "Owls"), b"x")
    staging.discard(staging.staging_path(upload.pk))
    with pytest.raises(FileNotFoundError):
        submit(upload=upload, actor=upload.owner)
    upload.refresh_from_db()
    assert upload.state == "stored"


@pytest.mark.django_db
def test_asking_again_for_a_set_aside_upload_gives_the_first_submission() -> None:
    question_row = question()
    team = team_in(question_row, "Owls")
    entry, two = (stored_upload(question_row, team, b"x") for _ in range(2))
    answers = [post(upload, idempotency_key="k") for upload in (entry, two, two)]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1


@pytest.mark.parametrize(
    "any_database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
def test_two_requests_and_two_workers_at_once_make_one_submission(any_database: str) -> None:
    question_row = question()
    team = team_in(question_row, "Owls")
    for _ in range(4):
        upload = stored_upload(question_row, team, b"x" * 300_000)
        row = enqueue("accept_submission", upload)

        def request(upload: Upload = upload) -> None:
            submit(
                upload=Upload.objects.select_related("owner", "team", "question").get(pk=upload.pk), actor=upload.owner
            )

        def worker(row: Work = row) -> None:
            claim = claim_row(row.pk)
            if claim is not None:
                from scoring.accept import accept_submission

                accept_submission(claim)

        assert together(request, request, worker, worker) == []
        assert Submission.objects.filter(upload=upload).count() == 1


@pytest.fixture
def scored(db: None) -> Contest:
    scene = contest({"limits": {"per_day": 5, "per_phase": 9}})
    sent(scene.question, team_in(scene.question, "Owls"), scene.entry(wear=1))
    work_all()
    return scene


def repeat(scene: Contest, wear: int) -> tuple[Submission, Submission]:
    """The first submission takes its key; a second upload is scored before the key is given for it, too."""
    first = Submission.objects.get()
    submit(upload=first.upload, actor=first.sent_by, idempotency_key="k")
    second = sent(scene.question, first.team, scene.entry(wear=wear))
    work_all()
    second.refresh_from_db()
    assert second.state == "scored"
    return first, second


@pytest.mark.parametrize(("wear", "used"), [(1, 1), (0, 2)])
def test_one_key_is_one_scored_submission_even_where_the_worker_was_faster(
    scored: Contest, wear: int, used: int
) -> None:
    """The second gives way to the first. A copy costs no attempt; another file, whose score is known by now, does."""
    first, second = repeat(scored, wear)
    assert post(second.upload, idempotency_key="k").json()["id"] == str(first.pk)
    assert post(second.upload, idempotency_key="k").json()["id"] == str(first.pk)
    assert list(Submission.objects.filter(state="scored")) == [first]
    left = remaining(team=first.team, phase=first.phase, now=first.received_at)
    assert left.used_in_phase == used
    assert "rank_phase" in work_all()


def test_after_the_phase_nobody_exchanges_a_scored_submission_for_an_earlier_one(scored: Contest) -> None:
    _first, second = repeat(scored, 0)
    phase = deciding_phase(scored.question)
    type(phase).objects.filter(pk=phase.pk).update(closes=second.received_at)
    assert post(second.upload, idempotency_key="k").json()["id"] == str(second.pk)
    assert Submission.objects.filter(state="scored").count() == 2


def test_a_team_cannot_take_back_what_is_being_scored_again(scored: Contest) -> None:
    submission = Submission.objects.get()
    Submission.objects.update(state="valid")
    client = APIClient()
    client.force_authenticate(member_of(submission.team))
    assert client.post(f"/api/v1/submissions/{submission.pk}/cancel/").status_code == 409

"""Failures of the platform or the organiser cost a team nothing, and whoever can act is told; organisers give attempts back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from batches.models import Batch
from batches.release import revoke_batch
from batches.split import draft_split, freeze_split
from challenges.models import Question
from core.models import AuditRecord, User, Work
from core.performing import perform
from core.work import enqueue
from scoring.chosen import chosen_submissions
from scoring.models import Submission, Truth
from scoring.quota import remaining
from scoring.waiting import waits_for
from tests.factories.contests import Contest, contest
from tests.factories.exams import sarcopenia_exams, work_all
from tests.factories.people import member_of, person, team_in
from tests.factories.questions import deciding_phase, question
from tests.factories.submissions import sent

pytestmark = pytest.mark.django_db
OUTSIDE = {"metric": "external", "direction": "higher"}
BY_MARK = {"rule": "best_score", "by": ["mark"], "tie_break": ["submitted_at"]}
SETS = {"split": {"sets": {"training": 1, "validation": 1, "test": 3}}}


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR, settings.STAGING_DIR = tmp_path / "keys", tmp_path / "staging"
    settings.WORK_HEARTBEAT_SECONDS = 3600


def api(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def console(of: Question) -> str:
    client = Client()
    client.force_login(person("Olga"))
    return " ".join(client.get(reverse("pages:console", args=[of.challenge.slug])).content.decode().split())


def page(submission: Submission, user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.get(reverse("scoring:submission", args=[submission.pk])).content.decode()


def used(submission: Submission) -> int:
    return remaining(team=submission.team, phase=submission.phase, now=submission.received_at).used_in_phase


def checked(scene: Contest) -> Submission:
    submission = sent(scene.question, team_in(scene.question, "Owls"), scene.entry())
    perform(Work.objects.get(stage="validate_submission").pk)
    submission.refresh_from_db()
    return submission


# --- whose fault ------------------------------------------------------------------------------------------------------


def test_a_question_that_is_at_fault_rejects_no_submission() -> None:
    """What the child says of the organisers' manifest is not an error of the team's file."""
    scene = contest()
    stored = Truth.objects.get(batch=scene.batch).public_manifest
    Truth.objects.update(public_manifest={"ids": 7})
    submission = checked(scene)
    assert submission.state == "failed" and submission.faults == [] and used(submission) == 0
    shown = api(member_of(submission.team)).get(f"/api/v1/submissions/{submission.pk}/").json()
    assert "reference data" in shown["reason"] and shown["errors"] == []
    assert "Submission of Owls for Sarcopenia" in console(scene.question)
    assert "not set up correctly" in console(scene.question)
    assert "What an organiser has to correct" in page(submission, person("Olga"))
    assert "What an organiser has to correct" not in page(submission, member_of(submission.team))
    Truth.objects.update(public_manifest=stored)
    assert api(person("Olga")).post(f"/api/v1/submissions/{submission.pk}/retry/").status_code == 200
    work_all()
    submission.refresh_from_db()
    assert submission.state == "scored" and used(submission) == 1
    assert "Submission of Owls" not in console(scene.question)


def test_a_team_whose_submission_failed_may_send_another() -> None:
    scene = contest({"limits": {"per_phase": 1}})
    submission = sent(scene.question, team_in(scene.question, "Owls"), scene.entry())
    Submission.objects.update(state="failed", reason="platform")
    assert sent(scene.question, submission.team, scene.entry(wear=1)).state == "received"


def test_a_scored_submission_that_fails_when_scored_again_keeps_place_and_attempt() -> None:
    scene = contest()
    submission = sent(scene.question, team_in(scene.question, "Owls"), scene.entry())
    work_all()
    Submission.objects.update(state="failed", reason="platform")
    assert used(submission) == 1
    assert chosen_submissions(scene.phase)[submission.team_id].submission == submission


# --- waiting ----------------------------------------------------------------------------------------------------------


def waiting_for(of: Question) -> str:
    why = waits_for(deciding_phase(of))
    return "" if why is None else why.template % dict(why.values)


def test_what_a_submission_waits_for_is_told_at_once_and_ends_by_itself() -> None:
    question_row = question(changes=SETS)
    exams = sarcopenia_exams(question_row, (2, 3, 4, 5, 6))
    team = team_in(question_row, "Owls")
    submission = sent(question_row, team, b"not checked yet")
    assert "work" not in work_all(("validate_submission",))
    json = api(member_of(team)).get(f"/api/v1/submissions/{submission.pk}/").json()
    assert json["state"] == "received" and "not frozen yet" in json["reason"]
    assert "not frozen yet" in page(submission, member_of(team))
    assert "1 submission" in console(question_row) and "not frozen yet" in console(question_row)
    freeze_split(split=draft_split(question=question_row, actor=None), actor=None)
    assert "being prepared" in waiting_for(question_row)
    work_all(("build_batch",))
    assert "being sealed" in waiting_for(question_row)
    work_all(("seal_truth", "validate_submission"))
    assert waiting_for(question_row) == "" and len(exams) == 5
    submission.refresh_from_db()
    assert submission.state == "rejected", "it was checked at once when the truth was sealed"


@pytest.mark.parametrize(
    ("stage", "words"), [("build_batch", "could not be prepared"), ("seal_truth", "has errors"), ("", "was revoked")]
)
def test_what_does_not_end_by_itself_says_so(stage: str, words: str) -> None:
    question_row = question(changes=SETS)
    sarcopenia_exams(question_row, (2, 3, 4, 5, 6))
    freeze_split(split=draft_split(question=question_row, actor=None), actor=None)
    batch = Batch.objects.get(question=question_row, name="evaluation")
    if stage != "build_batch":
        work_all(("build_batch",))
    if stage:
        Work.objects.filter(stage=stage, subject_id=str(batch.pk)).update(state="failed", reason="a defect")
    else:
        revoke_batch(batch=batch, actor=None, reason="a wrong case")
    assert words in waiting_for(question_row)


def test_a_question_that_is_scored_outside_is_not_asked_for_again() -> None:
    question_row = question(
        changes={"metrics": {"dice": None, "surface_mse": None, "mark": OUTSIDE}, "ranking": BY_MARK}
    )
    submission = sent(question_row, team_in(question_row, "Owls"), b"x")
    work_all(("validate_submission",))
    assert Work.objects.get(stage="validate_submission").state == "done"
    submission.refresh_from_db()
    assert submission.state == "valid" and "outside the platform" in console(question_row)


# --- attempts that are given back -------------------------------------------------------------------------------------


def test_an_organiser_gives_an_attempt_back_with_a_reason() -> None:
    scene = contest({"limits": {"per_phase": 1}})
    submission = sent(scene.question, team_in(scene.question, "Owls"), scene.entry())
    work_all()
    olga, owl = api(person("Olga")), api(member_of(submission.team))
    path = f"/api/v1/submissions/{submission.pk}/cancel/"
    assert olga.post(path).status_code == 403
    assert owl.post(path, {"reason": "a worse score than hoped for"}, format="json").status_code == 409
    answer = olga.post(path, {"reason": "The organisers announced wrong units."}, format="json").json()
    assert answer["state"] == "cancelled" and "wrong units" in answer["notes"][0]["message"]
    assert used(submission) == 0 and chosen_submissions(scene.phase) == {}
    assert "rank_phase" in work_all()
    assert AuditRecord.objects.filter(verb="submission refunded", reason__contains="wrong units").exists()
    assert sent(scene.question, submission.team, scene.entry(wear=1)).state == "received"


def test_the_page_offers_it_to_organisers_alone() -> None:
    scene = contest()
    submission = sent(scene.question, team_in(scene.question, "Owls"), scene.entry())
    work_all()
    for user, offered in ((person("Olga"), True), (member_of(submission.team), False)):
        assert ("give the attempt back" in page(submission, user)) is offered
    client = Client()
    client.force_login(person("Olga"))
    client.post(reverse("scoring:cancel", args=[submission.pk]), {"reason": "A wrong case was released."})
    submission.refresh_from_db()
    assert submission.state == "cancelled"
    enqueue("rank_phase", str(scene.phase.pk))

"""A one-time step asked for again answers with the row as it is and changes nothing; the contrary one is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from anonymization.models import Review
from batches.models import Batch
from batches.split import draft_split
from challenges.frame import create_challenge, load_question
from challenges.invitations import invite
from core.models import AuditRecord
from tests.factories.exams import frozen_batches
from tests.pages.edition import Edition, accepted_exam, question_text, reading_of
from uploads.models import Exam

pytestmark = pytest.mark.django_db
Step = tuple[str, str, dict[str, Any]]  # who, address, body


def opened(edition: Edition) -> tuple[Step, Step | None]:
    challenge = create_challenge(slug="draft", title={"en": "Draft"}, actor=edition.olivia)
    load_question(challenge=challenge, text=question_text(), actor=edition.olivia)
    return ("olivia", "challenges/draft/open", {}), None


def closed(edition: Edition) -> tuple[Step, Step | None]:
    return ("olivia", f"challenges/{edition.challenge.slug}/close", {"reason": "over"}), None  # it may be opened again


def team(edition: Edition, verb: str, contrary: str) -> tuple[Step, Step | None]:
    path = f"teams/{edition.challenge.teams.get().pk}"
    body = {"approve": {"waiver": "small"}, "reject": {"reason": "late"}}
    return ("olivia", f"{path}/{verb}", body[verb]), ("olivia", f"{path}/{contrary}", body[contrary])


def approved(edition: Edition) -> tuple[Step, Step | None]:
    return team(edition, "approve", "reject")


def rejected(edition: Edition) -> tuple[Step, Step | None]:
    return team(edition, "reject", "approve")[0], None  # a team that was rejected may be approved later


def withdrawn(edition: Edition) -> tuple[Step, Step | None]:
    exam = accepted_exam(edition)
    return ("claire", f"exams/{exam.pk}/withdraw", {"reason": "patient_objects"}), None


def review(edition: Edition, verb: str, contrary: str) -> tuple[Step, Step | None]:
    exam = accepted_exam(edition)
    Exam.objects.filter(pk=exam.pk).update(state="review", reason="burned_in_text")
    point = {"reason": "burned_in_text", "where": "image", "template": "There may be writing.", "values": {}}
    path = f"reviews/{Review.objects.create(exam=exam, stage='deidentify', points=[point]).pk}"
    return ("olivia", f"{path}/{verb}", {"note": "cut it"}), ("olivia", f"{path}/{contrary}", {"note": "no"})


def confirmed(edition: Edition) -> tuple[Step, Step | None]:
    return review(edition, "confirm", "refuse")


def refused(edition: Edition) -> tuple[Step, Step | None]:
    return review(edition, "refuse", "confirm")


def not_judged(edition: Edition) -> tuple[Step, Step | None]:
    reading = reading_of(accepted_exam(edition), edition.rita)
    return ("rita", f"readings/{reading.pk}/cannot_judge", {"comment": "cut off"}), None


def reopened(edition: Edition) -> tuple[Step, Step | None]:
    step, _ = not_judged(edition)
    assert post(edition, step).status_code == 200
    return ("rita", step[1].replace("cannot_judge", "reopen"), {}), None


def accepted(edition: Edition) -> tuple[Step, Step | None]:
    invitation, secret = invite(
        challenge=edition.challenge, email="stefan@example.org", what="juror", actor=edition.olivia
    )
    again = f"invitations/{invitation.pk}/resend"
    return ("stefan", "invitations/accept", {"secret": secret}), ("olivia", again, {})


def frozen(edition: Edition) -> tuple[Step, Step | None]:
    for side in (4, 5, 6):
        accepted_exam(edition, state="kept", side=side)
    split = draft_split(question=edition.question, actor=edition.olivia)
    return ("olivia", f"splits/{split.pk}/freeze", {}), None


def revoked(edition: Edition) -> tuple[Step, Step | None]:
    for side in (4, 5, 6):
        accepted_exam(edition, state="kept", side=side)
    frozen_batches(edition.question)
    path = f"batches/{Batch.objects.order_by('name')[0].pk}"
    return ("olivia", f"{path}/revoke", {"reason": "wrong masks"}), (
        "olivia",
        f"{path}/face",
        {"face": "keep", "reason": "x"},
    )


STEPS = [
    opened,
    closed,
    approved,
    rejected,
    withdrawn,
    confirmed,
    refused,
    not_judged,
    reopened,
    accepted,
    frozen,
    revoked,
]


def post(edition: Edition, step: Step) -> Any:
    who, path, body = step
    client = APIClient()
    client.force_authenticate(edition.people[who])
    return client.post(f"/api/v1/{path}/", body, format="json")


@pytest.mark.parametrize("prepare", STEPS, ids=lambda step: step.__name__)
def test_again_is_the_same_and_the_contrary_is_refused(
    edition: Edition, prepare: Callable[[Edition], tuple[Step, Step | None]]
) -> None:
    step, contrary = prepare(edition)
    first = post(edition, step)
    records = AuditRecord.objects.count()
    again = post(edition, step)
    assert (first.status_code, again.status_code) == (200, 200), again.content
    assert again.json() == first.json()
    assert AuditRecord.objects.count() == records
    if contrary is not None:
        answer = post(edition, contrary)
        assert answer.status_code in (400, 409) and answer.json()["reason"] and answer.json()["detail"]
        assert AuditRecord.objects.count() == records

"""A challenge with one row of everything, and a person of every role, for trying every route as every role."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from anonymization.choices import Choice, Option
from anonymization.models import Correction, ExamText, Review
from batches.models import Batch, Split
from challenges.centres import add_centre
from challenges.drafts import start_draft
from challenges.invitations import invite
from challenges.models import CentreMembership, Question, Role
from challenges.roles import grant_role
from core.models import AccessToken, AuditRecord, Notice, SignedSession, User, Work
from core.notice_mail import unsubscribe_path
from core.storage import put_bytes
from grading.models import Reading
from leaderboard.models import Announcement, Ranking
from scoring.models import JuryCase, JurySession
from tests.factories.contests import contest
from tests.factories.exams import centre as exams_centre
from tests.factories.people import person, signed, team_in
from tests.factories.questions import challenge
from tests.factories.submissions import sent
from uploads.models import Upload

# Every column of routes.txt. The last five belong to the challenge that the rows are of.
ROLES = (
    "anonymous",
    "stranger",
    "elsewhere",  # organises another challenge
    "rival",  # leads another team of the same question
    "neighbour",  # uploads for another centre of the same challenge
    "centre",
    "reader",
    "member",
    "juror",
    "organiser",
    "staff",
)


@dataclass
class World:
    """Rows by the name of the route's thing, people by role."""

    question: Question
    people: dict[str, User | None]
    rows: dict[str, Any] = field(default_factory=dict)


def _signed_in(user: User) -> SignedSession:
    """A session of the person in another browser."""
    session = SessionStore()
    session.create()
    return SignedSession.objects.create(user=user, session_key=session.session_key, browser="Firefox")


def build() -> World:
    scene = contest()
    question, cup = scene.question, scene.question.challenge
    olga = cup.created_by
    assert olga is not None
    north = exams_centre(question)
    exam = (
        north.exams.exclude(batch_items__batch=scene.batch).order_by("number").first()
    )  # its annotation is not sealed
    south = add_centre(challenge=cup, name="Hôpital Sud", actor=olga)
    people: dict[str, User | None] = {
        "anonymous": None,
        "stranger": person("Sam"),
        "elsewhere": person("Otto"),
        "neighbour": person("Nadia"),
        "centre": person("Clara"),
        "reader": person("Rita"),
        "juror": person("Jules"),
        "organiser": olga,
        "staff": person("Ada", is_staff=True, is_superuser=True),
    }
    people["member"], people["rival"] = person("Paul"), person("Pia")
    challenge("other", organiser=people["elsewhere"])
    CentreMembership.objects.create(centre=north, user=people["centre"])
    CentreMembership.objects.create(centre=south, user=people["neighbour"])
    grant_role(challenge=cup, user=people["reader"], kind=Role.Kind.READER, actor=olga)
    grant_role(challenge=cup, user=people["juror"], kind=Role.Kind.JUROR, actor=olga, question=question)
    for role, audience in (("centre", "centre"), ("neighbour", "centre"), ("reader", "reader"), ("juror", "juror")):
        signed(people[role], cup, audience)  # type: ignore[arg-type]
    team = team_in(question, "Milvue", people["member"])  # type: ignore[arg-type]
    team_in(question, "Owkin", people["rival"])  # type: ignore[arg-type]
    submission = sent(question, team, scene.entry())
    ranking = Ranking.objects.create(
        question=question, phase=scene.phase, number=1, snapshot={"columns": [], "ranked": []}, sha256="0" * 64
    )
    images = io.BytesIO()
    np.save(images, np.zeros((3, 8, 8), np.uint8))
    pictures = put_bytes("submissions", "jury", images.getvalue())
    options = [Option(n, ("1.2.3.0",), f"Series {n}", 1, "1.2.3.0/1.2.3.0.0") for n in (1, 2)]
    Review.objects.create(
        exam=exam,
        stage="check_quality",
        points=[],
        choices=[Choice("image", options).to_json()],
    )
    world = World(question, people)
    world.rows = {
        "exam": exam,
        "upload": Upload.objects.create(
            owner=people["centre"],
            question=question,
            centre=north,
            kind=Upload.Kind.EXAM,
            length=9,
            expires_at=timezone.now() + timedelta(days=1),
        ),
        "text": ExamText.objects.create(
            exam=exam, place="note", step=ExamText.Step.ANNOTATORS, pieces=[["stable", "clear", ""]]
        ),
        "correction": Correction.objects.create(
            exam=exam, field="mask", value=1, reason="second reading", scope="open", proposed_by=people["centre"]
        ),
        "review": Review.objects.create(exam=exam, stage="quality", points=[]),
        "reading": Reading.objects.create(exam=exam, reader=people["reader"], order=1),
        "split": Split.objects.get(question=question),
        "draft": start_draft(challenge=cup, text=scene.question.current().source, actor=cup.created_by),
        "batch": Batch.objects.get(pk=scene.batch.pk),
        "submission": submission,
        "session": JurySession.objects.create(question=question, juror=people["juror"], seed=1),
        "case": JuryCase.objects.create(
            question=question, submission=submission, index=0, cluster=0, images_key=pictures.key
        ),
        "ranking": ranking,
        "announcement": Announcement.objects.create(
            question=question, ranking=ranking, announced_at=timezone.now() + timedelta(days=1)
        ),
        "phase": scene.phase,
        "charter": cup.charters.filter(audience="team").first(),
        "centre": north,
        "team": team,
        "role": cup.roles.get(user=people["reader"]),
        "membership": CentreMembership.objects.get(user=people["centre"]),
        "invitation": invite(challenge=cup, email="mate@example.org", what="team", actor=olga, team=team)[0],
        "entry": team.entries.get(),
        "token": AccessToken.issue(people["member"], "laptop")[0],
        "signed": _signed_in(people["member"]),
        "work": Work.objects.create(
            stage="deidentify",
            subject_id=str(exam.pk),
            state="failed",
            reason="worker lost",
            challenge_id=cup.pk,
        ),
        "audit": AuditRecord.objects.filter(challenge_id=cup.pk).first(),
        "notice": Notice.objects.filter(user=olga).earliest("id"),
        "link": unsubscribe_path(olga, "team_applied").rstrip("/").rpartition("/")[2],
        "secret": invite(challenge=cup, email="new@example.org", what="reader", actor=olga)[1],
    }
    return world

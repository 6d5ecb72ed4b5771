"""Who is told what of teams, charters, phases and failed tasks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from challenges.models import Challenge, Charter, Membership, Phase, Question, Role, Team
from challenges.timeline import usual_title
from core.claims import Claim
from core.clock import database_now
from core.models import User
from core.notices import notify
from core.registry import stages
from core.work import cancel, enqueue

REMINDED_BEFORE = timedelta(hours=24)


def organisers_of(challenge: Challenge | int) -> QuerySet[User]:
    """People who organise the challenge."""
    return User.objects.filter(roles__challenge=challenge, roles__kind=Role.Kind.ORGANISER, is_active=True).distinct()


def entrants_of(question: Question) -> QuerySet[User]:
    """Members of the approved teams that entered the question, once each."""
    members = Membership.objects.filter(team__entries__question=question, team__state=Team.State.APPROVED)
    return User.objects.filter(pk__in=members.values("user_id"), is_active=True)


def tell_applied(team: Team) -> None:
    """To organisers: somebody waits for them."""
    notify(
        "team_applied",
        organisers_of(team.challenge),
        about=str(team.pk),
        values={"team": team.name, "challenge": team.challenge.title},
        path=reverse("pages:people", args=[team.challenge.slug]),
        challenge_id=team.challenge_id,
    )


def tell_team(team: Team, reason: str) -> None:
    """To the members, when the organisers have decided."""
    kind = {Team.State.APPROVED: "team_approved", Team.State.REJECTED: "team_rejected"}.get(Team.State(team.state))
    if kind is None:
        return
    notify(
        kind,
        User.objects.filter(team_memberships__team=team),
        about=f"{team.pk}:{team.state}",
        values={"team": team.name, "challenge": team.challenge.title, "reason": reason},
        path=reverse("challenges:team", args=[team.challenge.slug]),
        challenge_id=team.challenge_id,
    )


def tell_charter(charter: Charter) -> None:
    """To those who signed an earlier version: their work stops until they sign again."""
    signers = User.objects.filter(
        signatures__charter__challenge=charter.challenge, signatures__charter__audience=charter.audience
    )
    notify(
        "charter_renewed",
        signers.distinct(),
        about=f"{charter.audience}:{charter.version}:{charter.challenge_id}",
        values={"challenge": charter.challenge.title},
        path=reverse("challenges:charter", args=[charter.challenge.slug, charter.audience]),
        challenge_id=charter.challenge_id,
    )


def tell_moved(phase: Phase, reason: str) -> None:
    """To the teams that entered: the new dates and the organisers' reason."""
    _tell_phase(
        "phase_moved", phase, f"{phase.opens.isoformat()}:{phase.closes.isoformat()}", phase.opens, reason=reason
    )


def plan_reminders(phase: Phase) -> None:
    """Work for each edge that is more than a day ahead; a phase that is moved takes its reminders along."""
    now = database_now()
    for edge, moment in (("opens", phase.opens), ("closes", phase.closes)):
        subject, due = f"{phase.pk}:{edge}", moment - REMINDED_BEFORE
        if due > now:
            enqueue("tell_window", subject, run_at=due, challenge_id=phase.question.challenge_id)
        else:
            cancel("tell_window", subject)


def tell_window(claim: Claim) -> None:
    """The stage's function: the subject is `<phase>:<opens or closes>`."""
    pk, _colon, edge = claim.subject_id.partition(":")
    phase = Phase.objects.select_related("question__challenge").filter(pk=pk).first()
    with claim.finish():
        if phase is not None and phase.accepts == "submissions":
            moment = phase.opens if edge == "opens" else phase.closes
            _tell_phase(f"phase_{edge}", phase, moment.isoformat(), moment)


def _tell_phase(kind: str, phase: Phase, when: str, moment: datetime, **values: Any) -> None:
    question = phase.question
    notify(
        kind,
        entrants_of(question),
        about=f"{phase.pk}:{when}",
        values={
            "phase": phase.title or {"template": usual_title(phase.name)},
            "question": question.title,
            "at": {"at": moment.isoformat()},
            "until": {"at": phase.closes.isoformat()},
            **values,
        },
        path=reverse("challenges:question", args=[question.challenge.slug, question.slug]),
        challenge_id=question.challenge_id,
    )


def tell_failed_work(stage: str, subject_id: str, challenge_id: int | None) -> None:
    _tell_of_work("work_failed", stage, challenge_id, about=f"{stage}:{subject_id}"[:120])


def tell_delayed_work(stage: str, challenge_id: int | None) -> None:
    """Once a day for each stage: an outage delays all work at the same time."""
    _tell_of_work("work_delayed", stage, challenge_id, about=f"{stage}:{database_now():%Y-%m-%d}")


def _tell_of_work(kind: str, stage: str, challenge_id: int | None, *, about: str) -> None:
    """To organisers. Mails of notices are left out: a mail server that is away must not make more mails."""
    challenge = Challenge.objects.filter(pk=challenge_id).first() if challenge_id else None
    if challenge is None or stage in ("mail_notice", "mail_digest"):
        return
    notify(
        kind,
        organisers_of(challenge),
        about=about,
        values={"challenge": challenge.title, "stage": str(stages()[stage].title)},
        path=reverse("pages:work", args=[challenge.slug]),
        challenge_id=challenge.pk,
    )

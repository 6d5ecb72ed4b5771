"""Who may send what: asked when an upload is created, before its first byte."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_noop

from challenges.charter import require_signature
from challenges.models import Centre, Charter, Question, Team, TeamEntry
from core.actors import Reader
from core.errors import ClosedError, NotAllowedError


def require_uploader(user: Reader, question: Question, centre: Centre, moment: datetime) -> None:
    """The person uploads for this centre, has signed the centres' charter, and inclusion is open.

    Raises NotAllowedError or ClosedError.
    """
    if centre.challenge_id != question.challenge_id or not centre.memberships.filter(user=user.pk).exists():
        raise NotAllowedError(gettext_noop("You are not an uploader of this centre. Ask an organiser to invite you."))
    if centre.withdrawn_at is not None:
        raise ClosedError(gettext_noop("This centre has left the challenge; it sends no more exams."))
    require_signature(user, question.challenge, Charter.Audience.CENTRE)
    windows = list(question.phases.accepting("exams"))
    if windows and not any(phase.is_open(moment) for phase in windows):
        nearest = min(windows, key=lambda phase: abs((phase.opens - moment).total_seconds()))
        raise ClosedError(
            gettext_noop("Inclusion of exams is closed: it is open from %(opens)s to %(closes)s."),
            opens=f"{nearest.opens:%Y-%m-%d %H:%M %Z}",
            closes=f"{nearest.closes:%Y-%m-%d %H:%M %Z}",
        )


def require_member(user: Reader, question: Question, team: Team) -> TeamEntry:
    """The person is in this approved team, has signed the teams' charter, and the team is in the question."""
    if team.state != Team.State.APPROVED or not team.memberships.filter(user=user.pk).exists():
        raise NotAllowedError(gettext_noop("You are not in an approved team of this challenge."))
    require_signature(user, question.challenge, Charter.Audience.TEAM)
    entry = team.entries.filter(question=question).first()
    if entry is None:
        raise NotAllowedError(gettext_noop("Your team has not entered this question. Enter it first."))
    if entry.excluded_reason:
        raise NotAllowedError(gettext_noop("Your team is excluded from this question."))
    return entry

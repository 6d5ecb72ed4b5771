"""The first page of a team's member."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from batches.models import Batch
from challenges.models import Challenge, Membership, Question, Team
from core.clock import database_now
from pages.home.parts import RoleSection, Task, count_by, unsigned_charter


def team_sections(user: Any) -> list[RoleSection]:
    """One section for each of the person's teams."""
    memberships = (
        Membership.objects.filter(user=user, team__challenge__in=Challenge.objects.visible_to(user))
        .exclude(team__state=Team.State.WITHDRAWN)
        .select_related("team__challenge")
        .order_by("-team__challenge__created_at")
    )
    now = database_now()
    return [_team_section(user, membership.team, now) for membership in memberships]


def _team_section(user: Any, team: Team, now: datetime) -> RoleSection:
    challenge = team.challenge
    own = reverse("challenges:team", args=[challenge.slug])
    if team.state != Team.State.APPROVED:
        notes = {
            "applied": _("An organiser will review your registration."),
            "rejected": _("Your registration was rejected."),
        }
        task = Task(str(team), notes.get(team.state, ""), own, _("My team"), "people", "warn")
        return RoleSection(str(team), challenge, [task])
    tasks = unsigned_charter(user, challenge, "team")
    entered = list(Question.objects.filter(entries__team=team).prefetch_related("phases").order_by("position"))
    released = count_by(Batch.objects.visible_to(user).filter(question__in=entered, released_at__lte=now), "question")
    tasks += [_question_task(challenge, question, released.get(question.pk, 0), now) for question in entered]
    if not entered:
        note = _("Your team has not entered any question yet.")
        tasks.append(Task(_("Enter a question"), note, own, _("My team"), "flag", "warn"))
    return RoleSection(str(team), challenge, tasks)


def _question_task(challenge: Challenge, question: Question, released: int, now: datetime) -> Task:
    names = [challenge.slug, question.slug]
    batches = ngettext("%(n)s batch to download.", "%(n)s batches to download.", released) % {"n": released}
    data, board = reverse("batches:data", args=names), reverse("leaderboard:board", args=names)
    if any(phase.batch and phase.is_open(now) for phase in question.phases.all()):
        note = _("Submissions are open. %(batches)s") % {"batches": batches}
        submit = reverse("scoring:submit", args=names)
        links = [(_("Data"), data), (_("Board"), board)]
        return Task(str(question), note, submit, _("Submit"), "send", "accent", links)
    return Task(str(question), batches, data, _("Data"), "download", links=[(_("Board"), board)])

"""The first page of somebody who sends exams for a centre."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from challenges.models import Centre, Challenge, Question
from core.clock import database_now
from pages.home.parts import RoleSection, Task, unsigned_charter
from uploads.included import INCLUDED
from uploads.models import Exam

NOTHING_SENT = {"total": 0, "included": 0, "refused": 0}


def centre_sections(user: Any) -> list[RoleSection]:
    """For each question of the person's centres: exams so far, refused ones, and the way to send more."""
    centres = list(
        Centre.objects.filter(memberships__user=user).select_related("challenge").order_by("-challenge__created_at")
    )
    visible = set(Challenge.objects.visible_to(user).filter(centres__in=centres).values_list("pk", flat=True))
    counts = _exam_counts(centres)
    now = database_now()
    sections = []
    for centre in centres:
        if centre.challenge_id not in visible:
            continue
        tasks = unsigned_charter(user, centre.challenge, "centre")
        for question in centre.challenge.questions.prefetch_related("phases"):
            sent = counts.get((centre.pk, question.pk), NOTHING_SENT)
            tasks.append(_question_task(centre.challenge, question, sent, now))
        sections.append(RoleSection(str(centre), centre.challenge, tasks))
    return sections


def _exam_counts(centres: list[Centre]) -> dict[tuple[int, int], dict[str, int]]:
    """By centre and question."""
    counts: dict[tuple[int, int], dict[str, int]] = {}
    rows = Exam.objects.filter(centre__in=centres).order_by().values("centre", "question")
    for row in rows.annotate(
        included=Count("pk", filter=Q(state__in=INCLUDED)),
        refused=Count("pk", filter=Q(state="refused")),
        total=Count("pk"),
    ):
        counts[row["centre"], row["question"]] = {
            "total": row["total"],
            "included": row["included"],
            "refused": row["refused"],
        }
    return counts


def _question_task(challenge: Challenge, question: Question, sent: dict[str, int], now: datetime) -> Task:
    accepting = [phase for phase in question.phases.all() if phase.accepts == "exams"]
    is_open = not accepting or any(phase.is_open(now) for phase in accepting)
    exams = reverse("uploads:exams", args=[challenge.slug, question.slug])
    if not is_open:
        return Task(str(question), _sent_note(sent), exams, _("My exams"), "upload")
    upload = reverse("uploads:upload", args=[challenge.slug, question.slug])
    links = [(_("My exams"), exams)]
    return Task(str(question), _sent_note(sent), upload, _("Upload exams"), "upload", links=links)


def _sent_note(sent: dict[str, int]) -> str:
    """ "12 sent, 1 included, 1 refused": each with its own number."""
    total, included, refused = sent["total"], sent["included"], sent["refused"]
    parts = [
        ngettext("%(n)s sent", "%(n)s sent", total) % {"n": total},
        ngettext("%(n)s included", "%(n)s included", included) % {"n": included},
        ngettext("%(n)s refused", "%(n)s refused", refused) % {"n": refused},
    ]
    return f"{', '.join(parts)}."

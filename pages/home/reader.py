"""The first page of a reader: exams to grade, texts to read."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from anonymization.models import ExamText
from anonymization.texts import waiting_by_question
from challenges.models import Challenge
from grading.queues import queues_of
from pages.home.parts import RoleSection, Task, unsigned_charter


def reader_sections(user: Any) -> list[RoleSection]:
    """One section for each challenge, one or two tasks for each question."""
    by_challenge: dict[Challenge, list[Task]] = {}
    texts = waiting_by_question(ExamText.objects.visible_to(user).filter(step=ExamText.Step.ANNOTATORS))
    for queue in queues_of(user):
        tasks = by_challenge.setdefault(queue.question.challenge, [])
        if not queue.signed and not tasks:
            tasks += unsigned_charter(user, queue.question.challenge, "reader")
        if queue.waiting:
            note = ngettext(
                "%(n)s exam is waiting for your grade.", "%(n)s exams are waiting for your grade.", queue.waiting
            ) % {"n": queue.waiting}
            tasks.append(Task(str(queue.question), note, reverse("grading:queue"), _("Grade exams"), "eye", "accent"))
        else:
            tasks.append(Task(str(queue.question), _("No exam is waiting for you."), icon="check-circle", tone="good"))
        if count := texts.get((queue.question.challenge_id, queue.question.slug), 0):
            note = ngettext("%(n)s text waits to be read.", "%(n)s texts wait to be read.", count) % {"n": count}
            url = reverse("anonymization:texts", args=[queue.question.challenge.slug, queue.question.slug])
            tasks.append(Task(_("Texts"), note, url, _("Read the texts"), "file-earmark-text", "accent"))
    return [RoleSection(_("Reader"), challenge, tasks) for challenge, tasks in by_challenge.items()]

"""The first page of an organiser: what each challenge waits for."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from anonymization.models import ExamText, Review
from anonymization.texts import waiting_by_question
from challenges.models import Challenge, Question, Team
from core.models import Work
from pages.home.parts import RoleSection, Task, count_by

SHOWN = 10


def organiser_sections(user: Any) -> list[RoleSection]:
    """Organised challenges by role (a superuser sees all of them in the list below)."""
    challenges = list(
        Challenge.objects.filter(roles__user=user, roles__kind="organiser").distinct().order_by("-created_at")[:SHOWN]
    )
    ids = [challenge.pk for challenge in challenges]
    reviews = count_by(
        Review.objects.filter(exam__question__challenge__in=ids, state="open"), "exam__question__challenge"
    )
    texts = waiting_by_question(ExamText.objects.filter(exam__question__challenge__in=ids))
    applied = count_by(Team.objects.filter(challenge__in=ids, state=Team.State.APPLIED), "challenge")
    failed = count_by(Work.objects.filter(challenge_id__in=ids, state=Work.State.FAILED), "challenge_id")
    questions = count_by(Question.objects.filter(challenge__in=ids), "challenge")
    sections = []
    for challenge in challenges:
        tasks = [
            *_preparation(challenge, questions.get(challenge.pk, 0)),
            *_reviews(challenge, reviews.get(challenge.pk, 0)),
            *(
                _texts(challenge, question, count)
                for (challenge_id, question), count in texts.items()
                if challenge_id == challenge.pk
            ),
            *_teams(challenge, applied.get(challenge.pk, 0)),
            *_failures(challenge, failed.get(challenge.pk, 0)),
        ] or [_nothing_to_do(challenge)]
        tasks[0].links = [(label, url) for label, url in _links(challenge) if url != tasks[0].url]
        sections.append(RoleSection(_("Organiser"), challenge, tasks))
    return sections


def _links(challenge: Challenge) -> list[tuple[str, str]]:
    return [
        (_("Console"), reverse("pages:console", args=[challenge.slug])),
        (_("People"), reverse("pages:people", args=[challenge.slug])),
        (_("Timeline"), reverse("pages:timeline", args=[challenge.slug])),
    ]


def _preparation(challenge: Challenge, questions: int) -> list[Task]:
    if not questions:
        return [
            Task(
                _("Load the first question"),
                _("From the catalogue, or your own file."),
                reverse("pages:setup", args=[challenge.slug]),
                _("Questions"),
                "file-earmark-text",
            )
        ]
    if challenge.state == Challenge.State.DRAFT:
        return [
            Task(
                _("The challenge is a draft"),
                _("Only organisers can see it. Open it when it is ready."),
                reverse("pages:console", args=[challenge.slug]),
                _("Console"),
                "unlock",
            )
        ]
    return []


def _reviews(challenge: Challenge, count: int) -> list[Task]:
    if not count:
        return []
    note = ngettext("%(n)s exam needs review.", "%(n)s exams need review.", count) % {"n": count}
    url = reverse("anonymization:reviews", args=[challenge.slug])
    return [Task(_("Reviews"), note, url, _("Review"), "eye", "warn")]


def _texts(challenge: Challenge, question: str, count: int) -> Task:
    note = ngettext("%(n)s text is not de-identified yet.", "%(n)s texts are not de-identified yet.", count)
    url = reverse("anonymization:texts", args=[challenge.slug, question])
    return Task(_("Texts"), note % {"n": count}, url, _("Decide"), "file-earmark-text", "warn")


def _teams(challenge: Challenge, count: int) -> list[Task]:
    if not count:
        return []
    note = ngettext("%(n)s team is awaiting approval.", "%(n)s teams are awaiting approval.", count) % {"n": count}
    url = reverse("pages:people", args=[challenge.slug])
    return [Task(_("Teams"), note, url, _("People"), "people", "warn")]


def _failures(challenge: Challenge, count: int) -> list[Task]:
    if not count:
        return []
    note = ngettext("%(n)s task failed.", "%(n)s tasks failed.", count) % {"n": count}
    url = reverse("pages:work", args=[challenge.slug])
    return [Task(_("Failed tasks"), note, url, _("Review"), "exclamation-triangle", "bad")]


def _nothing_to_do(challenge: Challenge) -> Task:
    url = reverse("pages:console", args=[challenge.slug])
    return Task(_("Nothing to do"), _("The console shows all stages."), url, _("Console"), "check-circle", "good")

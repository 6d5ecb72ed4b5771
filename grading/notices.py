"""Readers are told that exams wait for them: once a day and question, in the digest."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from challenges.models import Question
from core.models import User
from core.notices import notify


def tell_reader(reader: User, question: Question) -> None:
    notify(
        "readings_waiting",
        [reader],
        about=f"{question.pk}:{timezone.localdate()}",
        values={"question": question.title},
        path=reverse("grading:queue"),
        challenge_id=question.challenge_id,
    )

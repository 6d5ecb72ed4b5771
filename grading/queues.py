"""What a reader has to do, by question, and which exam comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from challenges.charter import has_signed
from challenges.models import Charter, Question, Role
from grading.models import Reading


@dataclass(frozen=True)
class Queue:
    """One reader's readings of one question."""

    question: Question
    waiting: int
    graded: int
    cannot_judge: int
    signed: bool

    @property
    def total(self) -> int:
        return self.waiting + self.graded + self.cannot_judge

    @property
    def done(self) -> int:
        return self.graded + self.cannot_judge


def queues_of(reader: Any) -> list[Queue]:
    """Every question the person reads, whether or not an exam waits in it."""
    counted: dict[int, dict[str, Any]] = {
        row["exam__question"]: dict(row)
        for row in Reading.objects.visible_to(reader)
        .order_by()
        .values("exam__question")
        .annotate(**{state: Count("id", filter=Q(state=state)) for state in ("waiting", "graded", "cannot_judge")})
    }
    roles = Role.objects.filter(user=reader, kind=Role.Kind.READER)
    wide = roles.filter(question=None).values("challenge")
    questions = (
        Question.objects.filter(Q(pk__in=list(counted)) | Q(pk__in=roles.values("question")) | Q(challenge__in=wide))
        .filter(challenge__in=Question.objects.visible_to(reader).values("challenge"))
        .select_related("challenge")
        .order_by("-challenge__created_at", "position")
    )
    signed: dict[int, bool] = {}
    queues = []
    for question in questions:
        if question.challenge_id not in signed:
            signed[question.challenge_id] = has_signed(reader, question.challenge, Charter.Audience.READER)
        row = counted.get(question.pk, {})
        queues.append(
            Queue(
                question,
                row.get("waiting", 0),
                row.get("graded", 0),
                row.get("cannot_judge", 0),
                signed[question.challenge_id],
            )
        )
    return queues


def next_reading(reader: Any, question: Question, after: Reading | None = None) -> Reading | None:
    """The next exam of the reader's queue; `after` itself does not come again."""
    waiting = Reading.objects.visible_to(reader).filter(exam__question=question, state=Reading.State.WAITING)
    if after is not None:
        waiting = waiting.exclude(pk=after.pk)
    return waiting.order_by("order").first()

"""How many exams came, were included and are still wanted, by question and by centre."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from challenges.frame import spec_of
from challenges.models import Centre, Question
from uploads.models import Exam

INCLUDED = (Exam.State.ACCEPTED, Exam.State.KEPT, Exam.State.DROPPED)


@dataclass(frozen=True)
class ExamCount:
    """Exams of a centre, or of all centres together. `share` is included / decided, in percent; None before any is decided."""

    centre: Centre | None
    received: int
    included: int
    refused: int
    withdrawn: int

    @property
    def under_way(self) -> int:
        return self.received - self.included - self.refused - self.withdrawn

    @property
    def share(self) -> int | None:
        decided = self.included + self.refused
        return round(100 * self.included / decided) if decided else None


@dataclass(frozen=True)
class Inclusion:
    """A question's target with its margin (None: the file names none), all exams, and the centres one may see."""

    target: int | None
    wanted: int | None
    whole: ExamCount
    centres: list[ExamCount]

    @property
    def missing(self) -> int:
        return max(0, (self.wanted or 0) - self.whole.included)


def inclusion_of(question: Question, user: Any) -> Inclusion:
    """Two queries, however many exams. Centres see themselves and the question's whole; organisers see every centre."""
    rows = {
        row["centre"]: row
        for row in Exam.objects.filter(question=question)
        .order_by()
        .values("centre")
        .annotate(
            received=Count("id"),
            included=Count("id", filter=Q(state__in=INCLUDED)),
            refused=Count("id", filter=Q(state=Exam.State.REFUSED)),
            withdrawn=Count("id", filter=Q(state=Exam.State.WITHDRAWN)),
        )
    }
    target = spec_of(question).target
    centres = Centre.objects.visible_to(user).filter(challenge=question.challenge_id).order_by("name")
    counted = [_count(centre, [rows[centre.pk]] if centre.pk in rows else []) for centre in centres]
    return Inclusion(
        target=target.exams if target else None,
        wanted=target.with_margin if target else None,
        whole=_count(None, list(rows.values())),
        centres=sorted(counted, key=lambda one: (-one.included, str(one.centre))),
    )


def _count(centre: Centre | None, rows: list[Any]) -> ExamCount:
    names = ("received", "included", "refused", "withdrawn")
    return ExamCount(centre, *(sum(row[name] for row in rows) for name in names))

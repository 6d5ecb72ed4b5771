"""How many exams came, were included and are still wanted, by question and by centre."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import Count, Q

from challenges.frame import spec_of
from challenges.models import Centre, Question
from core.actors import Reader
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
    target_with_margin: int | None
    whole: ExamCount
    centres: list[ExamCount]

    @property
    def missing(self) -> int:
        return max(0, (self.target_with_margin or 0) - self.whole.included)


def inclusion_of(question: Question, user: Reader) -> Inclusion:
    """Two queries, however many exams. Centres see themselves and the question's whole; organisers see every centre."""
    rows = (
        Exam.objects.filter(question=question)
        .order_by()
        .values("centre")
        .annotate(
            received=Count("id"),
            included=Count("id", filter=Q(state__in=INCLUDED)),
            refused=Count("id", filter=Q(state=Exam.State.REFUSED)),
            withdrawn=Count("id", filter=Q(state=Exam.State.WITHDRAWN)),
        )
    )
    counts = {
        row["centre"]: ExamCount(None, row["received"], row["included"], row["refused"], row["withdrawn"])
        for row in rows
    }
    target = spec_of(question).target
    centres = Centre.objects.visible_to(user).filter(challenge=question.challenge_id).order_by("name")
    none = ExamCount(None, 0, 0, 0, 0)
    counted = [replace(counts.get(centre.pk, none), centre=centre) for centre in centres]
    return Inclusion(
        target=target.exams if target else None,
        target_with_margin=target.with_margin if target else None,
        whole=_sum(counts.values()),
        centres=sorted(counted, key=lambda counted_centre: (-counted_centre.included, str(counted_centre.centre))),
    )


def _sum(counts: Iterable[ExamCount]) -> ExamCount:
    rows = list(counts)
    return ExamCount(
        None,
        received=sum(row.received for row in rows),
        included=sum(row.included for row in rows),
        refused=sum(row.refused for row in rows),
        withdrawn=sum(row.withdrawn for row in rows),
    )

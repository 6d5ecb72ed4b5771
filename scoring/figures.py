"""Figures of submissions for `/metrics`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django.db.models import Count

from core.operation.samples import Sample
from scoring.models import Submission


def submission_samples() -> Iterator[Sample]:
    """Submissions by state, rejections by their first reason."""
    for state, number in Submission.objects.order_by().values_list("state").annotate(Count("pk")):
        yield Sample("submissions", "Submissions by state.", number, {"state": state})
    rejected = Submission.objects.filter(state=Submission.State.REJECTED).values_list("faults", flat=True)
    reasons = Counter(str(faults[0]["reason"]) for faults in rejected.iterator() if faults)
    for reason, number in sorted(reasons.items()):
        labels = {"what": "submission", "reason": reason}
        yield Sample("refused", "Refused uploads, exams and submissions.", number, labels)

"""Figures of uploads and exams for `/metrics`."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Sum

from core.operation.samples import Sample
from uploads import staging
from uploads.models import Exam, Upload


def upload_samples() -> Iterator[Sample]:
    """Uploads under way, what is free on the staging disk, exams by state, refusals of both by reason."""
    by_kind = (
        Upload.objects.filter(state=Upload.State.RECEIVING)
        .order_by()
        .values("kind")
        .annotate(number=Count("pk"), size=Sum("length"))
    )
    rows = {row["kind"]: row for row in by_kind}
    for kind in Upload.Kind.values:
        row, labels = rows.get(kind), {"kind": kind}
        yield Sample("uploads_in_flight", "Unfinished uploads.", row["number"] if row else 0, labels)
        size = (row["size"] or 0) if row else 0
        yield Sample("uploads_in_flight_bytes", "Announced size of unfinished uploads.", size, labels)
    yield Sample("staging_free_bytes", "Free space of the staging disk.", staging.free_bytes())
    for state, number in Exam.objects.order_by().values_list("state").annotate(Count("pk")):
        yield Sample("exams", "Exams by state.", number, {"state": state})
    refused_uploads = Upload.objects.filter(state=Upload.State.REFUSED)
    for reason, number in refused_uploads.order_by().values_list("reason").annotate(Count("pk")):
        yield Sample("refused", "Refused uploads, exams and submissions.", number, {"what": "upload", "reason": reason})
    refused_exams = Exam.objects.filter(state=Exam.State.REFUSED)
    for reason, number in refused_exams.order_by().values_list("reason").annotate(Count("pk")):
        yield Sample("refused", "Refused uploads, exams and submissions.", number, {"what": "exam", "reason": reason})

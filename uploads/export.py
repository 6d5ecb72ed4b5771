"""Exams as CSV, safe to open in a spreadsheet: no cell can become a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from core.looks import look_of
from uploads.models import Exam
from uploads.said import reasons_of
from uploads.serializers import state_for_centre

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
AT_ONCE = 500


class _Echo:
    def write(self, text: str) -> str:
        return text


def plain_cell(value: Any) -> str:
    """The value as text; what a spreadsheet would take for a formula is preceded by an apostrophe (OWASP, CSV injection)."""
    text = str(value)
    return f"'{text}" if text.lstrip().startswith(DANGEROUS) or text.startswith(DANGEROUS) else text


def rows_of(exams: QuerySet[Exam], *, with_grade: bool) -> Iterator[str]:
    """Lines of the file, read in portions. With a byte order mark, so that spreadsheets read accents."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(
        [_("Exam"), _("Centre"), _("Number"), _("State"), _("Reasons"), _("Received"), _("Decided")]
    )
    ids = list(exams.values_list("pk", flat=True))
    for start in range(0, len(ids), AT_ONCE):
        portion = exams.filter(pk__in=ids[start : start + AT_ONCE])
        yield from _portion(writer, portion, with_grade)


def _portion(writer: Any, exams: Iterable[Exam], with_grade: bool) -> Iterator[str]:
    rows = list(exams)
    reasons = reasons_of(rows)
    for exam in rows:
        state = exam.state if with_grade else state_for_centre(exam)
        said = " ".join(one["message"] for one in reasons.get(str(exam.pk), []))
        cells = [
            exam.pk,
            exam.centre,
            exam.number,
            look_of(state).word,
            said,
            _moment(exam.received_at),
            _moment(exam.decided_at),
        ]
        yield writer.writerow([plain_cell(cell) for cell in cells])


def _moment(moment: Any) -> str:
    return localtime(moment).isoformat(timespec="seconds") if moment else ""

"""Exams as CSV, safe to open in a spreadsheet: no cell can become a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from concours.formats.values import inert_cell
from core.actors import Reader
from core.looks import look_of
from uploads.models import Exam
from uploads.reasons import reasons_of, state_for_centre

AT_ONCE = 500


class Echo:
    """A file for `csv.writer` that hands each line back."""

    def write(self, text: str) -> str:
        return text


def rows_of(exams: QuerySet[Exam], reader: Reader, *, with_grade: bool) -> Iterator[str]:
    """Lines of the file, read in portions. With a byte order mark, so that spreadsheets read accents."""
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(
        [_("Exam"), _("Centre"), _("Number"), _("State"), _("Reasons"), _("Received"), _("Decided")]
    )
    ids = list(exams.values_list("pk", flat=True))
    for start in range(0, len(ids), AT_ONCE):
        portion = exams.filter(pk__in=ids[start : start + AT_ONCE])
        yield from map(writer.writerow, _cells(portion, reader, with_grade))


def _cells(exams: Iterable[Exam], reader: Reader, with_grade: bool) -> Iterator[list[str]]:
    rows = list(exams)
    reasons = reasons_of(rows, reader)
    for exam in rows:
        state = exam.state if with_grade else state_for_centre(exam)
        reasons_text = " ".join(reason.message for reason in reasons.get(str(exam.pk), []))
        cells = [
            exam.pk,
            exam.centre,
            exam.number,
            look_of(state).word,
            reasons_text,
            _moment(exam.received_at),
            _moment(exam.decided_at),
        ]
        yield [inert_cell(cell) for cell in cells]


def _moment(moment: datetime | None) -> str:
    return localtime(moment).isoformat(timespec="seconds") if moment else ""

"""Matrix: rows and columns of the image."""

from __future__ import annotations

from collections.abc import Iterator

from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import OF, Parameter

TITLE = gettext_noop("Rows and columns")
SUMMARY = gettext_noop("The image has enough rows and columns, and the same number in all slices.")
PARAMETERS = (
    Parameter("min", "integer", "smallest number of rows and of columns", unit="pixels"),
    Parameter("max", "integer", "largest number of rows and of columns", unit="pixels"),
    OF,
)
OF_SLICES = True

MET = gettext_noop("Matrix %(rows)d x %(columns)d.")
SMALL = gettext_noop("The matrix is %(rows)d x %(columns)d; at least %(limit)d is required. Send the full resolution.")
LARGE = gettext_noop("The matrix is %(rows)d x %(columns)d; at most %(limit)d is allowed.")
MIXED = gettext_noop("The slices have different matrices. Leave out localisers and other series.")


def judge(say: Judge, exam: ExamFacts, min: int | None, max: int | None, of: list[str] | None) -> Iterator[Judgement]:
    """Judge Rows (0028,0010) and Columns (0028,0011) of every slice."""
    for series in exam.of(of):
        where = exam.where(series)
        sizes = sorted({(piece.rows or 0, piece.columns or 0) for piece in series.slices})
        faults = [say.refuse("wrong_shape", where, MIXED)] if len(sizes) > 1 else []
        for rows, columns in sizes:
            if min is not None and (rows < min or columns < min):
                faults.append(say.refuse("criterion_not_met", where, SMALL, rows=rows, columns=columns, limit=min))
            if max is not None and (rows > max or columns > max):
                faults.append(say.refuse("criterion_not_met", where, LARGE, rows=rows, columns=columns, limit=max))
        yield from faults
        if sizes and not faults:
            yield say.accept(where, MET, rows=sizes[0][0], columns=sizes[0][1])

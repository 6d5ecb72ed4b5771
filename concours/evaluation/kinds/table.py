"""One table with one row a case: probabilities, grades, measurements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from concours.evaluation.manifest import declared_columns, declared_limits
from concours.formats.manifest import Grid, Manifest
from concours.questions.schema import QuestionSpec

SUMMARY = "A CSV or XLSX with one row a case."
NEEDS = ("table",)


def manifest(spec: QuestionSpec, ids: Iterable[str], grids: Mapping[str, Grid]) -> Manifest:
    """Ids, columns and limits; grids say nothing here."""
    table = spec.submission.table
    return Manifest(
        id_column=spec.submission.id_column,
        ids=tuple(ids),
        columns=declared_columns(spec),
        table=None if table is None else table.name,
        table_formats=("csv", "xlsx") if table is None else table.formats,
        limits=declared_limits(spec),
    )

"""One CSV with the masks as run lengths, in the order and base that the question declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from concours.evaluation.kinds import table
from concours.evaluation.manifest import common_grid
from concours.formats.manifest import Column, Grid, Manifest
from concours.questions.schema import QuestionSpec

SUMMARY = "A CSV with one mask a row, as run lengths."
NEEDS = ("runs",)


def manifest(spec: QuestionSpec, ids: Iterable[str], grids: Mapping[str, Grid]) -> Manifest:
    """The column of runs beside those of the table; a team's own measurements are columns that nobody reads."""
    runs = spec.submission.runs
    of_table = table.manifest(spec, ids, grids)
    if runs is None:
        return of_table
    columns = dict(of_table.columns)
    columns[runs.column] = Column(runs.column, "rle", order=runs.order, base=runs.base)
    if runs.shape_column and runs.shape_use == "check":
        columns[runs.shape_column] = Column(runs.shape_column, "shape")
    for name in (*runs.ignore, *([runs.shape_column] if runs.shape_use == "ignore" and runs.shape_column else [])):
        columns[name] = Column(name, "ignored", required=False)
    grid, others = common_grid(of_table.ids, grids)
    return replace(of_table, columns=columns, grid=grid, grids=others, table=of_table.table or runs.name)

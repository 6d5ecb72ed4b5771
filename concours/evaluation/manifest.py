"""Parts of a public manifest that several kinds share: columns, labels, grids, limits, all from the question file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from concours.formats.manifest import Column, Grid, SubmissionLimits
from concours.questions.schema import ColumnSpec, FieldSpec, QuestionSpec

TYPES = {"date": "text", "time": "text", "boolean": "category"}
BOOLEAN = ("0", "1")


def declared_columns(spec: QuestionSpec) -> dict[str, Column]:
    """The columns of the question's table."""
    table = spec.submission.table
    return {} if table is None else {name: _column(column) for name, column in table.columns.items()}


def _column(declared: ColumnSpec) -> Column:
    return Column(
        name=declared.name,
        type=TYPES.get(declared.type, declared.type),
        min=declared.min,
        max=declared.max,
        values=BOOLEAN if declared.type == "boolean" else declared.allowed,
        required=declared.required,
    )


def declared_labels(field: FieldSpec) -> tuple[int, ...] | None:
    """The labels of a mask that has several; None where any {0, v} will do."""
    return tuple(sorted({0, *field.values})) if len({value for value in field.values if value}) > 1 else None


def common_grid(ids: Sequence[str], grids: Mapping[str, Grid]) -> tuple[Grid | None, dict[str, Grid]]:
    """The grid that most cases share, and the grids of the others: 500 cases of one shape say it once."""
    if not grids:
        return None, {}
    common, _ = Counter(grids[case] for case in ids if case in grids).most_common(1)[0]
    return common, {case: grids[case] for case in ids if case in grids and grids[case] != common}


def declared_limits(spec: QuestionSpec) -> SubmissionLimits:
    """The budgets of one submission."""
    limits = spec.limits
    return SubmissionLimits(limits.bytes, limits.unpacked_bytes, limits.entries, limits.rows)

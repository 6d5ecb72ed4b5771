"""A table of scores that were computed elsewhere: one row a team or submission, one column a score, all errors at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from concours.evaluation.parts import ALL, PRIVATE, PUBLIC
from concours.formats.fault import Fault, FormatError, gettext_noop
from concours.formats.files import read_table
from concours.formats.tables import Table
from concours.formats.values import parse_number
from concours.questions.schema import QuestionSpec
from concours.questions.schema.rules import EXTERNAL

SUBJECTS = ("submission", "team")  # columns that name whose scores a row holds; the first that the table has counts
PARTS = (ALL, PUBLIC, PRIVATE)
NOTHING = ("", "na", "n/a", "null", "none", "-")  # cells of a score that does not exist


@dataclass(frozen=True)
class ScoreRow:
    """The scores of one submission over one part; a score that does not exist is None."""

    submission: str
    part: str
    scores: Mapping[str, float | None]


def external_scores(spec: QuestionSpec) -> list[str]:
    """The scores of a question that come in as a table, in the order of its file."""
    return [name for name, declared in spec.metrics.items() if declared.metric == EXTERNAL]


def read_scores(
    content: bytes, file_name: str, scores: Sequence[str], submissions: Mapping[str, str]
) -> list[ScoreRow]:
    """Read a CSV or XLSX with a column `team` or `submission`, one column for each of `scores`, and optionally `part`.

    `submissions` says for every name that may stand in the first column which submission it means. Columns that the
    question does not name are ignored. An empty cell is a score that does not exist. Raises FormatError with every fault.
    """
    table = read_table(content, file_name, expected=SUBJECTS)
    faults: list[Fault] = []
    subject = next((name for name in SUBJECTS if name in table.columns), "")
    if not subject:
        template = gettext_noop(
            "%(name)s has no column 'team' or 'submission'. Add one that says whose scores a row holds."
        )
        faults.append(Fault("missing_column", file_name, template, {"name": file_name}))
    for name in scores:
        if name not in table.columns:
            template = gettext_noop(
                "%(name)s has no column '%(column)s'. Add it; leave cells empty where there is no score."
            )
            faults.append(Fault("missing_column", file_name, template, {"name": file_name, "column": name}))
    if not table.rows:
        template = gettext_noop("%(name)s has no row. Add one row for each team.")
        faults.append(Fault("empty_submission", file_name, template, {"name": file_name}))
    rows = _rows(table, file_name, subject, [name for name in scores if name in table.columns], submissions, faults)
    if faults:
        raise FormatError(faults)
    return rows


def _rows(
    table: Table,
    file_name: str,
    subject: str,
    scores: Sequence[str],
    submissions: Mapping[str, str],
    faults: list[Fault],
) -> list[ScoreRow]:
    rows: list[ScoreRow] = []
    first: dict[tuple[str, str], int] = {}
    for line, cells in zip(table.lines, table.rows, strict=True):
        row, where = dict(zip(table.columns, cells, strict=True)), f"{file_name}, row {line}"
        part = row.get("part", "").lower() or ALL
        if part not in PARTS:
            template = gettext_noop("Row %(row)s: the part is '%(part)s'. Write all, public or private.")
            faults.append(Fault("out_of_range", where, template, {"row": line, "part": part}))
        values = {name: _score(row[name], name, line, where, faults) for name in scores}
        if not subject:
            continue
        submission = submissions.get(row[subject])
        if submission is None:
            template = gettext_noop(
                "Row %(row)s: no checked submission of '%(id)s' exists in this phase. Check the name."
            )
            faults.append(Fault("extra_id", where, template, {"row": line, "id": row[subject]}))
            continue
        if (submission, part) in first:
            template = gettext_noop(
                "Row %(row)s: the scores of '%(id)s' are already in row %(first)s. Keep one of the two."
            )
            values_of = {"row": line, "id": row[subject], "first": first[submission, part]}
            faults.append(Fault("duplicate_id", where, template, values_of))
            continue
        first[submission, part] = line
        rows.append(ScoreRow(submission, part, values))
    return rows


def _score(cell: str, name: str, line: int, where: str, faults: list[Fault]) -> float | None:
    if cell.strip().lower() in NOTHING:
        return None
    value = parse_number(cell)
    if value is None:
        finite = cell.strip().lower().lstrip("+-") not in ("nan", "inf", "infinity")
        reason = "non_numeric" if finite else "non_finite"
        template = gettext_noop(
            "Row %(row)s, column '%(column)s': %(cell)s is not a finite number. Leave it empty without a score."
        )
        faults.append(
            Fault(reason, f"{where}, column {name}", template, {"row": line, "column": name, "cell": cell[:40]})
        )
        return None
    return value if math.isfinite(value) else None

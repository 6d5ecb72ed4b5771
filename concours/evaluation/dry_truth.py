"""What would be wrong with a truth of these values, before anything is sealed: missing and invalid values, sets of one class.

Masks are not opened: the scores that need them are left out.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from concours.evaluation.evaluate import check_truth
from concours.evaluation.truth import load_truth
from concours.evaluation.truth_table import TruthError
from concours.formats.fault import Fault
from concours.formats.values import inert_cell
from concours.questions.schema import QuestionSpec


def values_faults(spec: QuestionSpec, cases: Mapping[str, Mapping[str, Any]]) -> list[Fault]:
    """Every fault of a truth made of these cases (by id, each with the values of its fields), read and checked by the very
    functions that read and check a sealed one. A fault of one case has its id as `values["id"]`.
    """
    plain = _without_masks(spec)
    if not plain.metrics or not cases:
        return []
    names = {name for metric in plain.metrics.values() for name in (*metric.fields, *metric.where)}
    with tempfile.TemporaryDirectory(prefix="concours-dry-truth-") as folder:
        _write(Path(folder), plain, cases, names)
        try:
            check_truth(plain, load_truth(plain, Path(folder)))
        except TruthError as error:
            return list(error.faults)
    return []


def _without_masks(spec: QuestionSpec) -> QuestionSpec:
    def tabular(name: str) -> bool:
        field = spec.data.fields.get(name)
        return field is not None and field.type != "mask" and not field.measured_from

    metrics = {
        name: metric
        for name, metric in spec.metrics.items()
        if metric.over != "declared" and metric.fields and all(map(tabular, (*metric.fields, *metric.where)))
    }
    submission = replace(spec.submission, masks=None, runs=None, generated=None)
    return replace(spec, metrics=metrics, submission=submission)


def _write(folder: Path, spec: QuestionSpec, cases: Mapping[str, Mapping[str, Any]], names: set[str]) -> None:
    """The folder as it is sealed: `truth.csv`, and the rows of tables that values are derived from or compared with."""
    fields = spec.data.fields
    derived = {derive.of for name in names if (derive := fields[name].derive) is not None}
    tables = {name for name in (*names, *derived) if fields[name].type == "table"}
    columns = [name for name in fields if name in names and name not in tables and fields[name].derive is None]
    rows = [[case, *(inert_cell(values.get(name)) for name in columns)] for case, values in cases.items()]
    _write_csv(folder / "truth.csv", [[spec.submission.id_column, *columns], *rows])
    for name in tables:
        (folder / name).mkdir()
        header = list(fields[name].columns)
        for case, values in cases.items():
            listed = values.get(name) or []
            body = [[inert_cell(row.get(column)) for column in header] for row in listed if isinstance(row, Mapping)]
            _write_csv(folder / name / f"{case}.csv", [header, *body])


def _write_csv(path: Path, rows: Sequence[Sequence[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")

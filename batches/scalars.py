"""The table of scalars that lies beside the cases of a batch or a truth. Plain, and light enough for web processes."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from concours.formats.json import Json
from concours.formats.values import inert_cell


def scalar_table(rows: Sequence[tuple[str, Mapping[str, Json]]], id_column: str, columns: Sequence[str]) -> str:
    """CSV of scalars, one row per case, in the order given; an unknown value is an empty cell, and no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([id_column, *columns])
    for case_id, scalars in rows:
        writer.writerow([inert_cell(case_id), *(inert_cell(scalars.get(column)) for column in columns)])
    return text.getvalue()

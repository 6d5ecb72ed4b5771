"""The table of scalars that lies beside the cases of a batch or a truth. Plain, and light enough for web processes."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any


def scalar_table(rows: Sequence[tuple[str, Mapping[str, Any]]], id_column: str, columns: Sequence[str]) -> str:
    """CSV of scalars, one row a case, in the order given; an unknown value is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([id_column, *columns])
    for case_id, scalars in rows:
        writer.writerow([case_id, *("" if scalars.get(c) is None else _cell(scalars[c]) for c in columns)])
    return text.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return repr(value) if isinstance(value, float) else str(value)

"""A valid submission as the scorer wants it: values by column and case, masks by field and case, rows, images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from concours.formats.manifest import Manifest
from concours.formats.mask import Mask
from concours.formats.submission import ParsedSubmission

Value = float | str | None


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table with several rows a case: a lesion, by column; None where a cell is empty."""

    case: str
    values: Mapping[str, Value]


@dataclass(frozen=True)
class Prediction:
    """`masks` by field, id and label (1 where a question takes any {0, v}); images stay in their file."""

    values: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    masks: Mapping[str, Mapping[str, Mapping[int, Mask]]] = field(default_factory=dict)
    rows: tuple[TableRow, ...] = ()
    images: tuple[str, ...] = ()
    path: Path | None = None
    manifest: Manifest | None = None
    sha256: str = ""
    ignored: tuple[str, ...] = ()  # ids that the team sent and the manifest says to pass over


def from_submission(
    sent: ParsedSubmission, manifest: Manifest, path: Path, sha256: str, fields: Mapping[str, str]
) -> Prediction:
    """`fields` says which field a column of run lengths stands for."""
    ids, columns = sent.values.ids, sent.values.columns
    many = manifest.rows == "many"
    rows = (
        [TableRow(case, {name: cells[at] for name, cells in columns.items()}) for at, case in enumerate(ids)]
        if many
        else []
    )
    return Prediction(
        values={} if many else {name: dict(zip(ids, cells, strict=True)) for name, cells in columns.items()},
        masks={fields.get(name, name): cases for name, cases in sent.masks.items()},
        rows=tuple(rows),
        images=sent.images,
        path=path,
        manifest=manifest,
        sha256=sha256,
        ignored=sent.ignored,
    )

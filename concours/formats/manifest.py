"""The public manifest: all that validation may know about a question (ids, columns, grids, limits), and no truth."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

COLUMN_TYPES = ("number", "integer", "text", "category", "rle", "shape", "ignored")
TABLE_FORMATS = ("csv", "xlsx")
ARRAY_FORMATS = ("nifti", "dicom", "png", "npy", "nrrd")


class ManifestError(ValueError):
    """The manifest itself is wrong: the organiser's fault, never the team's."""


@dataclass(frozen=True)
class Column:
    """One declared column of a table. `order` and `base` speak of run lengths (`type="rle"`)."""

    name: str
    type: str = "number"
    min: float | None = None
    max: float | None = None
    values: tuple[str, ...] = ()
    required: bool = True
    order: str = "row"
    base: int = 1


@dataclass(frozen=True)
class Grid:
    """Where the voxels of a case lie: `shape` (rows, columns; or NIfTI's i, j, k) and a 4x4 `affine` in mm.

    `slack` is the precision of the affine in voxels where the image's headers are rounded.
    """

    shape: tuple[int, ...]
    affine: tuple[tuple[float, ...], ...] | None = None
    pixel_spacing: tuple[float, ...] | None = None
    slack: float = 0.0

    @property
    def spacing(self) -> tuple[float, ...]:
        """Millimetres between voxels along each axis of `shape`; ones when the grid has no geometry."""
        if self.pixel_spacing is not None:
            return self.pixel_spacing
        if self.affine is None:
            return (1.0,) * len(self.shape)
        columns = [math.sqrt(sum(self.affine[r][c] ** 2 for r in range(3))) for c in range(3)]
        return tuple(columns[: len(self.shape)])

    @property
    def size(self) -> int:
        """Number of voxels."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class SubmissionLimits:
    """Budgets of one submission: bytes as sent, bytes once unpacked, members of an archive, rows of a table."""

    bytes: int = 2_000_000_000
    unpacked_bytes: int = 8_000_000_000
    entries: int = 20_000
    rows: int = 1_000_000


@dataclass(frozen=True)
class Manifest:
    """What a submission must look like. `grids` overrides `grid` case by case; `files` names a zip's members."""

    id_column: str = "id"
    ids: tuple[str, ...] = ()
    ignored_ids: tuple[
        str, ...
    ] = ()  # of cases that left after they were given out: rows and files of them are passed over
    columns: Mapping[str, Column] = field(default_factory=dict)
    grid: Grid | None = None
    grids: Mapping[str, Grid] = field(default_factory=dict)
    mask_values: tuple[int, ...] | None = None
    files: str | None = None
    mask_field: str = "mask"  # what the masks of `files` are called in `Submission.masks`
    table: str | None = None
    table_formats: tuple[str, ...] = TABLE_FORMATS
    rows: str = "one"  # one or many rows an id
    formats: tuple[str, ...] = ARRAY_FORMATS
    array: str = "mask"  # mask: binary or labels; image: numbers of the grid's shape, as generated cases are
    cases: tuple[int, int] | None = None  # fewest and most cases where teams choose the ids themselves
    limits: SubmissionLimits = field(default_factory=SubmissionLimits)

    def grid_of(self, case: str | None) -> Grid | None:
        """The reference grid of a case, or the grid all cases share, or None when nothing is declared."""
        return self.grids.get(case, self.grid) if case is not None else self.grid

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Manifest":
        """Read the JSON of INTERFACES.md; unknown keys are ignored; raises `ManifestError` for a wrong one."""
        try:
            return _manifest(document)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ManifestError(f"the manifest is wrong: {error}") from error

    def to_json(self) -> dict[str, Any]:
        """The inverse of `from_json`, so that a manifest can be handed to a child or published."""
        return {
            "id_column": self.id_column,
            "ids": list(self.ids),
            "ignored_ids": list(self.ignored_ids),
            "columns": {name: _column_json(column) for name, column in self.columns.items()},
            "grid": _grid_json(self.grid),
            "grids": {case: _grid_json(grid) for case, grid in self.grids.items()},
            "mask_values": None if self.mask_values is None else list(self.mask_values),
            "files": self.files,
            "mask_field": self.mask_field,
            "table": self.table,
            "table_formats": list(self.table_formats),
            "rows": self.rows,
            "formats": list(self.formats),
            "array": self.array,
            "cases": None if self.cases is None else list(self.cases),
            "limits": vars(self.limits).copy(),
        }


def _manifest(document: Mapping[str, Any]) -> Manifest:
    ids = tuple(str(i) for i in document.get("ids") or ())
    if len(set(ids)) != len(ids):
        raise ManifestError("the manifest names an id twice")
    ignored = tuple(str(i) for i in document.get("ignored_ids") or ())
    if set(ids) & set(ignored):
        raise ManifestError("the manifest both asks for an id and ignores it")
    array = str(document.get("array") or "mask")
    if array not in ("mask", "image"):
        raise ManifestError(f"array is '{array}'; it must be mask or image")
    values, cases, rows = document.get("mask_values"), document.get("cases"), str(document.get("rows") or "one")
    if rows not in ("one", "many"):
        raise ManifestError(f"rows is '{rows}'; it must be one or many")
    return Manifest(
        id_column=str(document.get("id_column") or "id"),
        ids=ids,
        ignored_ids=ignored,
        columns={str(name): _column(str(name), c or {}) for name, c in (document.get("columns") or {}).items()},
        grid=_grid(document.get("grid")),
        grids={str(case): grid for case, g in (document.get("grids") or {}).items() if (grid := _grid(g))},
        mask_values=None if values is None else tuple(sorted({int(v) for v in values})),
        files=document.get("files"),
        mask_field=str(document.get("mask_field") or "mask"),
        table=document.get("table"),
        table_formats=tuple(document.get("table_formats") or TABLE_FORMATS),
        rows=rows,
        formats=tuple(document.get("formats") or ARRAY_FORMATS),
        array=array,
        cases=None if cases is None else (int(cases[0]), int(cases[1])),
        limits=_limits(document.get("limits") or {}),
    )


def _column(name: str, document: Mapping[str, Any]) -> Column:
    kind = str(document.get("type") or "number")
    if kind not in COLUMN_TYPES:
        raise ManifestError(f"column '{name}' has type '{kind}'; it must be one of {', '.join(COLUMN_TYPES)}")
    order, base = str(document.get("order") or "row"), document.get("base", 1)
    if order not in ("row", "column") or base not in (0, 1):
        raise ManifestError(f"column '{name}': order must be row or column, base 0 or 1")
    low, high = document.get("min"), document.get("max")
    return Column(
        name=name,
        type=kind,
        min=None if low is None else float(low),
        max=None if high is None else float(high),
        values=tuple(str(v) for v in document.get("values") or document.get("allowed") or ()),
        required=bool(document.get("required", True)),
        order=order,
        base=int(base),
    )


def _grid(document: Mapping[str, Any] | None) -> Grid | None:
    if document is None:
        return None
    shape = tuple(int(n) for n in document["shape"])
    if not 1 <= len(shape) <= 4 or min(shape) < 1:
        raise ManifestError(f"grid shape {list(shape)} must have 1 to 4 positive numbers")
    affine, spacing = document.get("affine"), document.get("spacing")
    return Grid(
        shape,
        None if affine is None else _affine(affine),
        None if spacing is None else tuple(float(s) for s in spacing),
        float(document.get("slack") or 0.0),
    )


def _affine(rows: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    affine = tuple(tuple(float(v) for v in row) for row in rows)
    if len(affine) != 4 or any(len(row) != 4 for row in affine):
        raise ManifestError("a grid's affine must be 4x4")
    return affine


def _limits(document: Mapping[str, Any]) -> SubmissionLimits:
    limits = {k: int(v) for k, v in document.items() if k in SubmissionLimits.__dataclass_fields__ and v is not None}
    if any(v < 1 for v in limits.values()):
        raise ManifestError("limits must be positive")
    return SubmissionLimits(**limits)


def _column_json(column: Column) -> dict[str, Any]:
    document = {k: v for k, v in vars(column).items() if k != "name"}
    document["values"] = list(column.values)
    return document


def _grid_json(grid: Grid | None) -> dict[str, Any] | None:
    if grid is None:
        return None
    return {
        "shape": list(grid.shape),
        "affine": None if grid.affine is None else [list(row) for row in grid.affine],
        "spacing": None if grid.pixel_spacing is None else list(grid.pixel_spacing),
        **({"slack": grid.slack} if grid.slack else {}),
    }

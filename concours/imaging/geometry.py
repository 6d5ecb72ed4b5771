"""The decision about one image: a volume, one picture or several pictures, as a plain record that travels as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from concours.formats.fault import Fault, FormatError
from concours.formats.manifest import Grid

Kind = Literal["volume", "picture", "pictures"]
Affine = NDArray[np.float64]
Rows = tuple[tuple[float, ...], ...]
KINDS: tuple[Kind, ...] = ("volume", "picture", "pictures")


@dataclass(frozen=True)
class Slice:
    """Where slice k comes from: frame `number` (from 0) of `file`, its ImagePositionPatient (mm, LPS; None in pictures), and the
    line that turns its stored values into the geometry's units."""

    file: str
    number: int = 0
    position: tuple[float, ...] | None = None
    slope: float = 1.0
    intercept: float = 0.0


@dataclass(frozen=True)
class Geometry:
    """One image, decided.

    - `kind` volume: parallel slices at equal distances, or one slice with a position; `affine` maps voxel (i, j, k) =
      (column, row, slice) to mm in NIfTI's RAS world, and is right-handed: k grows along the cross product of row and
      column direction. A tilted gantry makes it sheared.
    - `kind` picture: one frame without a position, grey or colour; `affine` is None.
    - `kind` pictures: several frames that share no grid (a clip, several views). They can be shown and delivered as
      DICOM, but carry no mask and make no array.

    `shape` is (columns, rows, slices). `spacing` is mm along i, j and between the planes (perpendicular, so that their
    product is the volume of a voxel); None where the size of a pixel is not stated. `tilt` is the angle in degrees
    between the stacking direction and the slices' normal. `slack` is how far, in voxels, a slice's own header puts a
    corner from where `affine` does: the rounding of the headers, and therefore the precision to which a mask can be
    compared.
    """

    kind: Kind
    shape: tuple[int, int, int]
    slices: tuple[Slice, ...]
    affine: Rows | None = None
    spacing: tuple[float, float, float] | None = None
    units: str = ""
    modality: str = ""
    samples: int = 1
    tilt: float = 0.0
    slack: float = 0.0
    patient_orientation: tuple[str, str] = ("", "")

    @property
    def matrix(self) -> Affine:
        """The affine as an array; millimetres of a picture without position, so that it can be written as an array too."""
        if self.affine is not None:
            return np.array(self.affine, float)
        return np.diag([*(self.spacing or (1.0, 1.0, 1.0)), 1.0])

    @property
    def grid(self) -> Grid | None:
        """The grid that masks are drawn on: (rows, columns) of one slice or picture, (i, j, k) of a stack; None of pictures."""
        if self.kind == "pictures":
            return None
        columns, rows, count = self.shape
        if self.affine is None:
            return Grid((rows, columns), None, None if self.spacing is None else (self.spacing[1], self.spacing[0]))
        if count > 1:
            return Grid(self.shape, self.affine, self.spacing, self.slack)
        return Grid((rows, columns), _rows(self.matrix[:, [1, 0, 2, 3]]), None, self.slack)

    @property
    def is_array(self) -> bool:
        """Whether it can be delivered as one array (NIfTI, NumPy)."""
        return self.kind != "pictures" and self.samples == 1

    def world(self, index: tuple[float, float, float]) -> tuple[float, ...]:
        """Return the RAS coordinates in mm of voxel (i, j, k)."""
        return tuple(float(mm) for mm in (self.matrix @ np.array([*index, 1.0]))[:3])

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dict; `from_json` reads it back."""
        document = {name: getattr(self, name) for name in self.__dataclass_fields__}
        document["slices"] = [[s.file, s.number, s.position, s.slope, s.intercept] for s in self.slices]
        return document

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Geometry:
        """Read what `to_json` wrote, after a journey through JSON or not."""
        slices = tuple(
            Slice(file, number, None if position is None else tuple(position), slope, intercept)
            for file, number, position, slope, intercept in value["slices"]
        )
        tuples: dict[str, Any] = {name: tuple(value[name]) for name in ("shape", "patient_orientation")}
        for name in ("spacing", "affine"):
            tuples[name] = None if value[name] is None else _deep(value[name])
        return cls(**{**value, **tuples, "slices": slices})


@dataclass(frozen=True)
class Assembly:
    """What `assemble` answers: a geometry, or the reasons why there is none (never both, never neither)."""

    geometry: Geometry | None
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        if (self.geometry is None) != bool(self.faults):
            raise ValueError("an assembly is either a geometry or reasons")

    def require(self) -> Geometry:
        """Return the geometry. Raises FormatError with the reasons."""
        if self.geometry is None:
            raise FormatError(self.faults)
        return self.geometry

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dict; `from_json` reads it back."""
        return {
            "geometry": None if self.geometry is None else self.geometry.to_json(),
            "faults": [fault.to_json() for fault in self.faults],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Assembly:
        """Read what `to_json` wrote."""
        geometry = value["geometry"]
        return cls(
            None if geometry is None else Geometry.from_json(geometry),
            tuple(Fault.from_json(fault) for fault in value["faults"]),
        )


def _rows(matrix: Affine) -> Rows:
    return tuple(tuple(float(number) for number in row) for row in matrix)


def _deep(value: Any) -> Any:
    return tuple(_deep(item) for item in value) if isinstance(value, (list, tuple)) else float(value)

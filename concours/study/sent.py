"""A file as a centre sent it, and what its first bytes say: what crosses from the child that opens it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from concours.formats.fault import Fault, clip

Vector = tuple[float, ...]
MASK_ENDINGS = (".nii.gz", ".nii", ".seg.nrrd", ".nrrd", ".png", ".npy")
TABLE_ENDINGS = (".csv", ".xlsx", ".json")
NAME_LENGTH = 1024  # the longest name that an archive may give


@dataclass(frozen=True)
class SentRegion:
    """One region of a structure set: its ROI number, its sender's name for it, and points of its contours (mm, patient LPS)."""

    number: int
    name: str
    points: tuple[Vector, ...] = ()


@dataclass(frozen=True)
class SentHeader:
    """What a DICOM object says of where it belongs. Positions and spacings in mm (patient LPS), as PS3.3 C.7.6.2 has them.

    `refers_to` are the series and frames of reference that a segmentation or structure set was drawn on, `regions` what a
    structure set holds.
    """

    patient: str
    study: str
    series: str
    instance: str
    modality: str
    sop_class: str = ""
    number: str = ""
    description: str = ""
    frame_of_reference: str = ""
    frames: int = 1
    rows: int = 0
    columns: int = 0
    position: Vector | None = None
    orientation: Vector | None = None
    spacing: Vector | None = None
    refers_to: tuple[str, ...] = ()
    regions: tuple[SentRegion, ...] = ()


@dataclass(frozen=True)
class MaskGrid:
    """The voxels of a mask: (i, j, k), and the affine to RAS mm, None where the format has none (PNG, NPY)."""

    shape: tuple[int, ...]
    affine: tuple[Vector, ...] | None = None


@dataclass(frozen=True)
class SentFile:
    """`size` bytes from `offset` of `path`; `name` is the relative path that the centre gave it.

    `kind` is image, segmentation, structures, mask, table or damaged; every other word says what was set aside.
    `rank` is a `kinds.Rank`; `ending` that of a mask or table; `columns` the names that a table declares; `fault` says what is
    wrong with a damaged file.
    """

    name: str
    path: str
    offset: int
    size: int
    sha256: str
    kind: str
    rank: int = 0
    ending: str = ""
    header: SentHeader | None = None
    grid: MaskGrid | None = None
    columns: tuple[str, ...] = ()
    fault: Fault | None = field(default=None)

    def to_json(self) -> dict[str, Any]:
        """As it leaves the child; `from_json` reads it back."""
        return {**asdict(self), "fault": self.fault.to_json() if self.fault else None}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SentFile:
        """Read what a child sent, which may have been taken over by what it read: ValueError or KeyError for anything else."""
        header, grid, fault = value["header"], value["grid"], value["fault"]
        return cls(
            name=str(value["name"])[:NAME_LENGTH],
            path=str(value["path"]),
            offset=int(value["offset"]),
            size=int(value["size"]),
            sha256=str(value["sha256"]),
            kind=str(value["kind"])[:40],
            rank=int(value["rank"]),
            ending=str(value["ending"])[:12],
            header=None if header is None else _header(header),
            grid=None if grid is None else MaskGrid(tuple(map(int, grid["shape"])), _rows(grid["affine"])),
            columns=tuple(clip(name) for name in value["columns"][:200]),
            fault=None if fault is None else Fault.from_json(fault),
        )


def _header(value: Mapping[str, Any]) -> SentHeader:
    texts = ("patient", "study", "series", "instance", "modality", "sop_class", "number", "description")
    read: dict[str, Any] = {name: str(value[name])[:128] for name in (*texts, "frame_of_reference")}
    read |= {name: int(value[name]) for name in ("frames", "rows", "columns")}
    read |= {name: _vector(value[name]) for name in ("position", "orientation", "spacing")}
    regions = tuple(
        SentRegion(int(region["number"]), clip(str(region["name"])), _rows(region["points"]) or ())
        for region in value["regions"]
    )
    return SentHeader(**read, refers_to=tuple(str(uid)[:128] for uid in value["refers_to"]), regions=regions)


def _vector(value: Any) -> Vector | None:
    return None if value is None else tuple(float(number) for number in value)


def _rows(value: Any) -> tuple[Vector, ...] | None:
    return None if value is None else tuple(tuple(float(number) for number in row) for row in value)

"""Series that are one acquisition in pieces: a series UID on each slice, or a stack in parts. Plain: facts in, groups out."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np

from concours.imaging.assemble import normal_of

PIECES = 3  # single slices that make a stack; two are two pictures
APART = 0.01  # mm between slices that lie in different places
EVEN = 1.5  # largest gap of a stack sent in parts, as a multiple of its median gap
SAME = ("SeriesDescription", "ConvolutionKernel", "EchoTime", "ImageType", "ContrastBolusAgent", "AcquisitionDate")


@dataclass(frozen=True)
class SlicePiece:
    """One file of a series by its header, or one frame of a multi-frame object: `frame` counts from 0, `frames` are all of them.

    Position and orientation are in mm (patient LPS), None where the file does not state them. `look` are the values that all
    slices of one acquisition share, `grid` those of one matrix and pixel size; `acquisition` are values that may differ between
    stacks of one series.
    """

    file: str
    series: str
    frames: int
    position: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    look: tuple[Hashable, ...]
    series_number: str = ""
    grid: tuple[str, ...] = ()
    acquisition: Mapping[str, str] = field(default_factory=dict)
    frame: int = 0

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SlicePiece:
        """Read what the child sent."""
        vectors = {
            name: None if value[name] is None else tuple(map(float, value[name]))
            for name in ("position", "orientation")
        }
        return cls(
            str(value["file"]), str(value["series"]), int(value["frames"]), vectors["position"], vectors["orientation"],
            tuple(map(str, value["look"])), str(value["series_number"]), tuple(map(str, value["grid"])),
            {str(name): str(value_of) for name, value_of in value["acquisition"].items()}, int(value["frame"]),
        )  # fmt: skip


def join(pieces: Sequence[SlicePiece]) -> list[tuple[str, ...]]:
    """The series UIDs that belong together, each once, in the order of their UIDs; a series by itself is a group of one."""
    by_series: dict[str, list[SlicePiece]] = {}
    for piece in sorted(pieces, key=lambda other: (other.series, other.file)):
        by_series.setdefault(piece.series, []).append(piece)
    alike: dict[Hashable, list[str]] = {}
    for uid, files in by_series.items():
        alike.setdefault(_likeness(files), []).append(uid)
    groups = []
    for key, uids in alike.items():
        together = [piece for uid in uids for piece in by_series[uid]]
        if key is not None and len(uids) > 1 and _is_stack(together, singles=len(together) == len(uids)):
            groups.append(tuple(uids))
        else:
            groups += [(uid,) for uid in uids]
    return sorted(groups)


def _likeness(files: Sequence[SlicePiece]) -> Hashable:
    """What pieces of one stack have in common; None for a series that cannot be a piece.

    A series number is shared by parts of a stack, but counts the slices where each slice is a series.
    """
    first = files[0]
    if first.orientation is None or any(
        piece.frames != 1 or piece.position is None or piece.look != first.look for piece in files
    ):
        return None
    number = first.series_number if len(files) > 1 else None
    plane = tuple(round(cosine, 2) + 0.0 for cosine in first.orientation)
    return (plane, first.look, number)


def _is_stack(files: Sequence[SlicePiece], *, singles: bool) -> bool:
    """Whether the slices lie one after the other, none in another's place; parts must also follow without a hole."""
    normal = normal_of(files[0].orientation or ())
    along = np.sort(np.array([piece.position for piece in files]) @ normal)
    gaps = np.diff(along)
    if len(files) < PIECES or not gaps.size or gaps.min() <= APART:
        return False
    return singles or bool(gaps.max() <= EVEN * median(gaps))

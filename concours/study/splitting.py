"""One series that holds several stacks (echoes, b-values, acquisitions, planes): told apart by geometry, then by acquisition.

Plain: facts in, groups of files and frames out. A series that is one stack is left whole, whatever its headers say. Frames of
multi-frame objects are told apart like files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from concours.imaging.assemble import PARALLEL, normal_of
from concours.study.joining import APART, SlicePiece

# What may tell stacks in the same place apart; the first that does is taken, else the first ones together.
ACQUISITION = (
    *("EchoTime", "EchoNumbers", "DiffusionBValue", "TemporalPositionIdentifier", "AcquisitionNumber", "InversionTime"),
    *("ImageType", "ConvolutionKernel", "ContrastBolusAgent", "StackID", "SeriesDescription", "AcquisitionDateTime"),
    *("AcquisitionTime", "TriggerTime"),
    # Enhanced objects say these of each frame (PS3.3 C.7.6.16 and C.8.13).
    *("FrameType", "TemporalPositionTimeOffset"),
    *("DiffusionDirectionality", "DiffusionGradientOrientation", "ComplexImageComponent", "FlipAngle", "KVP"),
    *("FrameAcquisitionNumber", "FrameAcquisitionDateTime", "FrameReferenceDateTime"),
)
DIMENSION = "DimensionIndex"  # with its number from 1: a frame's place in each dimension that its object declares
DIMENSIONS = tuple(f"{DIMENSION}{n}" for n in range(1, 7))
FEWEST = 4  # slices of a stack; fewer are the lines of a localiser


def split(pieces: Sequence[SlicePiece]) -> list[list[SlicePiece]]:
    """The stacks of one series, in the order of their first positions; one group where it is one stack or cannot be split.

    Groups of fewer than `FEWEST` slices are left out where others have more.
    """
    whole = [sorted(pieces, key=_place)]
    if len(pieces) < 2 * FEWEST or any(piece.position is None or piece.orientation is None for piece in pieces):
        return whole
    stacks: list[list[SlicePiece]] = []
    for together in _by_geometry(whole[0]):
        stacks += [together] if _is_apart(together) else _by_acquisition(together)
    large = [stack for stack in stacks if len(stack) >= FEWEST]
    if len(stacks) < 2 or not large:
        return whole
    return sorted(large, key=lambda stack: (min(piece.position or () for piece in stack), _place(stack[0])))


def _place(piece: SlicePiece) -> tuple[str, int]:
    return piece.file, piece.frame


def _by_geometry(pieces: Iterable[SlicePiece]) -> list[list[SlicePiece]]:
    """Slices of one plane, matrix and pixel size; cosines may differ by rounding."""
    groups: list[list[SlicePiece]] = []
    for piece in pieces:
        for group in groups:
            first = group[0]
            apart = np.abs(np.subtract(first.orientation, piece.orientation)).max()  # type: ignore[arg-type]
            if first.grid == piece.grid and apart <= PARALLEL:
                group.append(piece)
                break
        else:
            groups.append([piece])
    return groups


def _is_apart(pieces: Sequence[SlicePiece]) -> bool:
    """Whether no two slices lie in the same place."""
    normal = normal_of(pieces[0].orientation or ())
    along = np.sort(np.array([piece.position for piece in pieces]) @ normal)
    return len(pieces) < 2 or bool(np.diff(along).min() > APART)


def _by_acquisition(pieces: Sequence[SlicePiece]) -> list[list[SlicePiece]]:
    """Groups in which no place occurs twice; one group where no value of the headers tells them apart.

    As many groups as there are slices in the fullest place are preferred: more would cut a stack in pieces.
    """
    meant = _most_in_a_place(pieces)
    usable: list[list[SlicePiece]] = []
    for names in _keys(pieces):
        groups: dict[Hashable, list[SlicePiece]] = {}
        for piece in pieces:
            groups.setdefault(tuple(_value(piece.acquisition, name) for name in names), []).append(piece)
        if len(groups) < 2 or max(map(len, groups.values())) < FEWEST or not all(map(_is_apart, groups.values())):
            continue
        if len(groups) == meant:
            return list(groups.values())
        if not usable or len(groups) < len(usable):
            usable = list(groups.values())
    return usable or [list(pieces)]


def _keys(pieces: Sequence[SlicePiece]) -> Iterator[tuple[str, ...]]:
    """One value, two together, then ever more of those that differ between the pieces."""
    varying = [
        name for name in (*ACQUISITION, *DIMENSIONS) if len({_value(piece.acquisition, name) for piece in pieces}) > 1
    ]
    yield from ((name,) for name in varying)
    yield from combinations(varying, 2)
    yield from (tuple(varying[:n]) for n in range(3, len(varying) + 1))


def _most_in_a_place(pieces: Sequence[SlicePiece]) -> int:
    normal = normal_of(pieces[0].orientation or ())
    along = np.sort(np.array([piece.position for piece in pieces]) @ normal)
    places = np.cumsum(np.r_[False, np.diff(along) > APART])
    return max(Counter(places.tolist()).values())


def _value(acquisition: Mapping[str, str], name: str) -> str:
    return acquisition.get(name, "")

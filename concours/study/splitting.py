"""One series that holds several stacks (echoes, b-values, acquisitions, planes): told apart by geometry, then by acquisition.

Plain: facts in, groups of files out. A series that is one stack is left whole, whatever its headers say.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np

from concours.imaging.assemble import PARALLEL, normal_of
from concours.study.joining import APART, SlicePiece

# What may tell stacks in the same place apart; the first that does is taken, else the first ones together.
ACQUISITION = (
    *("EchoTime", "EchoNumbers", "DiffusionBValue", "TemporalPositionIdentifier", "AcquisitionNumber", "InversionTime"),
    *("ImageType", "ConvolutionKernel", "ContrastBolusAgent", "StackID", "SeriesDescription", "AcquisitionDateTime"),
    *("AcquisitionTime", "TriggerTime"),
)
FEWEST = 4  # slices of a stack; fewer are the lines of a localiser


def split(pieces: Sequence[SlicePiece]) -> list[list[SlicePiece]]:
    """The stacks of one series, in the order of their first positions; one group where it is one stack or cannot be split.

    Groups of fewer than `FEWEST` slices are left out where others have more.
    """
    whole = [sorted(pieces, key=lambda piece: piece.file)]
    if len(pieces) < 2 * FEWEST or any(
        piece.frames != 1 or piece.position is None or piece.orientation is None for piece in pieces
    ):
        return whole
    stacks: list[list[SlicePiece]] = []
    for together in _by_geometry(whole[0]):
        stacks += [together] if _is_apart(together) else _by_acquisition(together)
    large = [stack for stack in stacks if len(stack) >= FEWEST]
    if len(stacks) < 2 or not large:
        return whole
    return sorted(large, key=lambda stack: (min(piece.position or () for piece in stack), stack[0].file))


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
    """Groups in which no place occurs twice; one group where no value of the headers tells them apart."""
    keys = [(name,) for name in ACQUISITION] + [ACQUISITION[:n] for n in range(2, len(ACQUISITION) + 1)]
    for names in keys:
        groups: dict[Hashable, list[SlicePiece]] = {}
        for piece in pieces:
            groups.setdefault(tuple(_value(piece.acquisition, name) for name in names), []).append(piece)
        if len(groups) > 1 and all(_is_apart(group) for group in groups.values()):
            return list(groups.values())
    return [list(pieces)]


def _value(acquisition: Mapping[str, str], name: str) -> str:
    return acquisition.get(name, "")

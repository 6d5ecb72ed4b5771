"""The stacks of one series, and objects written anew with the frames of one stack alone (decision 9)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from concours.formats.child import ChildLimits, run_limited
from concours.formats.stored import Stored
from concours.study.joining import SlicePiece
from concours.study.splitting import split

WRITE_LIMITS = ChildLimits(memory_bytes=3 << 30, cpu_seconds=600, wall_seconds=1200.0, file_bytes=4 << 30)
MOST = 64  # stacks among which a person can choose; more are a time series, which is one image to nobody


@dataclass(frozen=True)
class FramesOf:
    """The frames (from 0) of the object with this instance UID that became an object of their own."""

    instance: str
    frames: tuple[int, ...]


@dataclass(frozen=True)
class StackFile:
    """A file of a stack, and which of its frames belong to it; None where all do."""

    file: str
    frames: tuple[int, ...] | None


def stacks_of(pieces: Sequence[SlicePiece]) -> Mapping[str, list[list[StackFile]]]:
    """Series UID -> the files of each stack, of the series that hold several stacks, or more than their only one."""
    by_series: dict[str, list[SlicePiece]] = {}
    for piece in pieces:
        by_series.setdefault(piece.series, []).append(piece)
    stacks = {uid: split(own) for uid, own in by_series.items()}
    return {
        uid: [_files(stack) for stack in parts]
        for uid, parts in stacks.items()
        if len(parts) <= MOST and (len(parts) > 1 or len(parts[0]) < len(by_series[uid]))
    }


def _files(stack: Sequence[SlicePiece]) -> list[StackFile]:
    by_file: dict[str, list[SlicePiece]] = {}
    for piece in stack:
        by_file.setdefault(piece.file, []).append(piece)
    return [
        StackFile(file, None if len(own) == own[0].frames else tuple(sorted(piece.frame for piece in own)))
        for file, own in sorted(by_file.items())
    ]


def write_stack(bundle: Path, file: Stored, frames: Sequence[int], folder: Path) -> Stored:
    """The object with these frames alone in `folder`, under an instance UID of its own. Raises FormatError."""
    image, series, sop = PurePosixPath(file.name).parts
    numbers = ",".join(map(str, frames))
    uid = f"2.25.{int(hashlib.sha256(f'{PurePosixPath(sop).stem}#{numbers}'.encode()).hexdigest()[:32], 16)}"
    path = folder / f"{uid}.dcm"
    run_limited(
        "concours.study.rewriting:write_frames",
        file.to_json(),
        list(frames),
        uid,
        str(path),
        limits=WRITE_LIMITS,
        read=[bundle],
        write=[folder],
    )
    return Stored(path, f"{image}/{series}/{uid}.dcm", 0, path.stat().st_size)

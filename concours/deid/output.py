"""Writes one de-identified file: new meta information, the header, the pixels copied or edited, under its final name at once."""

import contextlib
import filecmp
import os
from dataclasses import dataclass, field

from concours.deid import tags
from concours.deid.pixel_text.interface import Examined
from concours.deid.pixels import (
    CHUNK,
    Masker,
    PixelModule,
    Segment,
    copy_range,
    encapsulated_segments,
    plan_native,
)
from concours.deid.refusal import FileRefusedError
from concours.deid.source import OpenedFile
from concours.deid.tokens import encode

IMPLEMENTATION_UID = b"2.25.336033018405573265211205640817211093612"
IMPLEMENTATION_NAME = b"CONCOURS"


class Writer:
    """Writes files below one folder; remembers which folders it made. Not for use by several threads at once."""

    def __init__(self, stale_before: float) -> None:
        self._stale_before = stale_before
        self._folders: set[str] = set()

    def write(
        self,
        place: str,
        name: str,
        head: list[bytes],
        source: OpenedFile,
        module: PixelModule | None,
        plan: "PixelPlan | None",
    ) -> None:
        """Writes `place`/`name`: the encoded `head`, then the pixels by their plan.

        Raises FileExistsError where another file of this run has that name.
        """
        if place not in self._folders:
            os.makedirs(place, exist_ok=True)
            self._folders.add(place)
        temporary = f"{place}/.{os.getpid()}.part"
        target = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            try:
                _write_all(target, b"".join([*head, plan.head if plan else b""]))
                _write_pixels(target, source, module, plan)
            finally:
                os.close(target)
            _publish(temporary, f"{place}/{name}", self._stale_before)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)


def file_meta(sop_class: str, sop_instance: str, transfer_syntax: str) -> bytes:
    """A new preamble of zeros and new file meta information; nothing of the old is carried over."""
    elements = b"".join(
        encode(tag, vr, value, True)
        for tag, vr, value in (
            (tags.FileMetaInformationVersion, b"OB", b"\x00\x01"),
            (tags.MediaStorageSOPClassUID, b"UI", sop_class.encode("ascii")),
            (tags.MediaStorageSOPInstanceUID, b"UI", sop_instance.encode("ascii")),
            (tags.TransferSyntaxUID, b"UI", transfer_syntax.encode("ascii")),
            (tags.ImplementationClassUID, b"UI", IMPLEMENTATION_UID),
            (tags.ImplementationVersionName, b"SH", IMPLEMENTATION_NAME),
        )
    )
    return (
        bytes(128)
        + b"DICM"
        + encode(tags.FileMetaInformationGroupLength, b"UL", len(elements).to_bytes(4, "little"), True)
        + elements
    )


@dataclass
class PixelPlan:
    """What is written after the header: edited pixels, compressed segments, or `length` bytes of the source between `head`
    and `padding`.
    """

    head: bytes = field(default=b"", repr=False)
    edited: bytes | None = field(default=None, repr=False)
    segments: list[Segment] | None = None
    length: int = 0
    padding: bytes = b""


def plan_pixels(source: OpenedFile, module: PixelModule | None, examined: Examined) -> PixelPlan | None:
    """Checks the pixel data before anything is written. Raises RefusedError where they are not what the header says."""
    place = source.place
    if place is None:
        return None
    if examined.pixels is not None:
        return PixelPlan(encode(place.tag, examined.pixel_vr, b"", source.explicit)[:-4], edited=examined.pixels)
    if place.encapsulated:
        frames = module.frames if module is not None else 1
        segments, _end = encapsulated_segments(source.fd, place, source.transfer_syntax, frames, place.vr, module)
        return PixelPlan(segments=segments)
    head, length, padding = plan_native(place, module, place.vr, source.explicit)
    return PixelPlan(head, length=length, padding=padding)


def _write_pixels(target: int, source: OpenedFile, module: PixelModule | None, plan: PixelPlan | None) -> None:
    place = source.place
    if plan is None or place is None:
        return
    if plan.segments is not None:
        _write_segments(target, source.fd, plan.segments)
        return
    if plan.edited is not None:
        _write_all(target, plan.edited)
        return
    masker = Masker(module)
    view = source.in_memory(place.offset, plan.length)
    if view is not None:
        _write_all(target, masker.clean(view) or view)
    else:
        _copy_masked(target, source.fd, place.offset, plan.length, masker)
    _write_all(target, plan.padding)


def _copy_masked(target: int, fd: int, offset: int, length: int, masker: Masker) -> None:
    """Copies a long stretch inside the kernel; chunks are read only to look at their spare bits, written only where those
    are used.
    """
    if not masker.active:
        copy_range(fd, target, offset, length)
        return
    chunk = bytearray(CHUNK)
    clean_from = offset
    for position in range(offset, offset + length, CHUNK):
        size = min(CHUNK, offset + length - position)
        view = memoryview(chunk)[:size]
        if os.preadv(fd, [view], position) != size:
            raise FileRefusedError("unreadable_file", "The file was truncated while it was being read.")
        masked = masker.clean(view)
        if masked is not None:
            copy_range(fd, target, clean_from, position - clean_from)
            _write_all(target, masked)
            clean_from = position + size
    copy_range(fd, target, clean_from, offset + length - clean_from)


def _write_segments(target: int, fd: int, segments: list[Segment]) -> None:
    for segment in segments:
        if segment.offset >= 0:
            copy_range(fd, target, segment.offset, segment.length)
        elif segment.data:
            _write_all(target, segment.data)


def _write_all(target: int, data: bytes | memoryview) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(target, view) :]


def _publish(temporary: str, final: str, stale_before: float) -> None:
    """Gives the finished file its name; the same bytes twice are one file.

    Another file of that name is replaced when it is older than `stale_before` (an earlier run's), and else stays:
    FileExistsError.
    """
    try:
        os.link(temporary, final)
    except FileExistsError:
        if filecmp.cmp(temporary, final, shallow=False):
            os.utime(final)  # it is this run's too, and no longer stale
            return
        if os.stat(final).st_mtime >= stale_before:
            raise
        os.replace(temporary, final)

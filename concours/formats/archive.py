"""ZIP archives from strangers: their members, planned by `zip_directory`, streamed with budgets.

Members are written under our own names, never under theirs.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from isal import isal_zlib

from concours.formats.fault import Fault, FormatError, gettext_noop, refuse
from concours.formats.manifest import SubmissionLimits
from concours.formats.zip_directory import STORED, ArchiveMember, data_start, lying_member, plan_members

CHUNK = 1 << 20
NESTED_STARTS: tuple[bytes, ...] = (
    *(b"PK\x03\x04", b"PK\x05\x06", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\xfd7zXZ\x00", b"BZh", b"MSCF"),
    *(b"\x28\xb5\x2f\xfd", b"\x1f\x9d", b"LZIP", b"xar!"),
)


@dataclass(frozen=True)
class Unpacked:
    """One member on disk: `size` bytes from `offset` of `path` (our own name, or the archive itself), `sha256` of them."""

    name: str
    path: Path
    size: int
    sha256: str
    offset: int = 0


INFLATE_ERRORS: tuple[type[Exception], ...] = (isal_zlib.error,)  # type: ignore[assignment]


class NestedArchiveError(FormatError):
    """A member is itself an archive."""


class Archive:
    """An opened archive whose plan has passed every check; read its members one at a time."""

    def __init__(self, handle: IO[bytes], members: tuple[ArchiveMember, ...]) -> None:
        self.members, self._handle = members, handle

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.close()

    def chunks(self, member: ArchiveMember, chunk: int = CHUNK) -> Iterator[bytes]:
        """The member's bytes in order. Raises `FormatError` when size or CRC differ from what was declared."""
        self._handle.seek(self.begins(member))
        pieces = _stored(self._handle, member, chunk) if member.method == STORED else _inflated(self._handle, member)
        crc = total = 0
        first = True
        for piece in pieces:
            total += len(piece)
            if total > member.size:
                raise lying_member(member)
            if first:
                _refuse_nested(member, piece)
                first = False
            crc = isal_zlib.crc32(piece, crc)
            yield piece
        if total != member.size or crc != member.crc:
            raise lying_member(member)

    def begins(self, member: ArchiveMember) -> int:
        """The offset of the member's first byte, as it is packed. Raises `FormatError` where its header disagrees."""
        self._handle.seek(member.offset)
        return data_start(self._handle, member)

    def read(self, member: ArchiveMember) -> bytes:
        """All bytes of a member; the caller has looked at `member.size` first."""
        return b"".join(self.chunks(member))


def open_archive(
    source: str | Path | IO[bytes], limits: SubmissionLimits | None = None, *, spreadsheet: bool = False
) -> Archive:
    """Plan the archive at a path (or in an open file) and keep it open; `FormatError` says all that is wrong with it.

    `spreadsheet` turns off the ratio rule only: a sparse sheet is legitimately very compressible, and its reader has
    budgets of its own.
    """
    limits = limits or SubmissionLimits()
    handle = Path(source).open("rb") if isinstance(source, str | Path) else source  # noqa: SIM115 - the Archive closes it
    try:
        size = handle.seek(0, os.SEEK_END)
        if size > limits.bytes:
            raise refuse("too_large", "archive", TOO_MANY_BYTES, size=size, limit=limits.bytes)
        return Archive(handle, plan_members(handle, size, limits, spreadsheet))
    except BaseException:
        handle.close()
        raise


def plan(path: str | Path, limits: SubmissionLimits | None = None) -> tuple[ArchiveMember, ...]:
    """The members of the archive, folders and system leftovers (`__MACOSX`, `.DS_Store`) left out, nothing read yet."""
    with open_archive(path, limits) as archive:
        return archive.members


def unpack(
    path: str | Path,
    into: str | Path,
    limits: SubmissionLimits | None = None,
    *,
    in_place: bool = False,
    nested: list[str] | None = None,
) -> list[Unpacked]:
    """Write every member into the folder `into` as `000000`, `000001`, …; on any fault what was written is removed.

    `in_place` leaves members that are not compressed where they lie in the archive; they pass the same checks.
    `nested` collects the names of members that are archives themselves and leaves them out; without it they are a fault.
    """
    path, into = Path(path), Path(into)
    done: list[Unpacked] = []
    target = into / "000000"
    try:
        with open_archive(path, limits) as archive:
            for number, member in enumerate(archive.members):
                target = into / f"{number:06d}"
                try:
                    done.append(_unpacked(archive, member, path, target, in_place))
                except NestedArchiveError:
                    if nested is None:
                        raise
                    target.unlink(missing_ok=True)
                    nested.append(member.name)
    except BaseException:
        for path_written in {*(u.path for u in done), target} - {path}:
            path_written.unlink(missing_ok=True)
        raise
    return done


def _unpacked(archive: Archive, member: ArchiveMember, path: Path, target: Path, in_place: bool) -> Unpacked:
    digest = hashlib.sha256()
    if in_place and member.method == STORED:
        for piece in archive.chunks(member):
            digest.update(piece)
        return Unpacked(member.name, path, member.size, digest.hexdigest(), archive.begins(member))
    with target.open("xb") as out:
        for piece in archive.chunks(member):
            digest.update(piece)
            out.write(piece)
    return Unpacked(member.name, target, member.size, digest.hexdigest())


TOO_MANY_BYTES = gettext_noop("The file has %(size)s bytes; at most %(limit)s are allowed. Send a smaller file.")


def _stored(handle: IO[bytes], member: ArchiveMember, chunk: int) -> Iterator[bytes]:
    left = member.size
    while left:
        piece = handle.read(min(chunk, left))
        if not piece:
            raise lying_member(member)
        left -= len(piece)
        yield piece


def _inflated(handle: IO[bytes], member: ArchiveMember) -> Iterator[bytes]:
    inflate = isal_zlib.decompressobj(-15)
    left = member.packed
    try:
        while left and not inflate.eof:
            piece = handle.read(min(CHUNK // 4, left))
            if not piece:
                raise lying_member(member)
            left -= len(piece)
            while piece:
                out = inflate.decompress(piece, CHUNK)
                if out:
                    yield out
                piece = inflate.unconsumed_tail
                if inflate.eof:
                    break
        out = inflate.flush() if inflate.eof else b""
        if not inflate.eof or left or inflate.unused_data or out:
            raise lying_member(member)
    except INFLATE_ERRORS as error:
        raise lying_member(member) from error


def _refuse_nested(member: ArchiveMember, piece: bytes) -> None:
    """An archive inside an archive is told by its first bytes; a workbook and a gzip volume look like one."""
    name = member.name.lower()
    gzip_ok = name.endswith((".nii.gz", ".nii", ".nrrd"))
    nested = piece.startswith(NESTED_STARTS) or piece[257:262] == b"ustar"
    if nested and name.endswith((".xlsx", ".csv")) and b"[Content_Types].xml" in piece:
        return
    if nested or (piece.startswith(b"\x1f\x8b") and not gzip_ok):
        template = gettext_noop("Member '%(name)s' is itself an archive. Send its files directly in one ZIP.")
        raise NestedArchiveError(Fault("unsafe_archive", member.name, template, {"name": member.name}))

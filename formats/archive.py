"""ZIP archives from strangers: planned from the central directory by arithmetic, then streamed with budgets.

Layout: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.4. Members are written under our own names, never under theirs.
"""

import hashlib
import itertools
import os
import stat
import struct
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from isal import isal_zlib

from formats.fault import Fault, FormatError, gettext_noop, refuse
from formats.manifest import Limits

END, END64, LOCATOR64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")
CENTRAL, LOCAL = struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s5H3L2H")
CHUNK = 1 << 20
MAX_ENTRIES = 20_000
MAX_RATIO, RATIO_FROM = 200, 1 << 20
MAX_NAME = 1024
ENCRYPTED, UTF8 = 0x1 | 0x40 | 0x2000, 0x800
STORED, DEFLATED = 0, 8
JUNK = ("__macosx/", ".ds_store", "thumbs.db", "desktop.ini")
NESTED_STARTS: tuple[bytes, ...] = (
    *(b"PK\x03\x04", b"PK\x05\x06", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\xfd7zXZ\x00", b"BZh", b"MSCF"),
    *(b"\x28\xb5\x2f\xfd", b"\x1f\x9d", b"LZIP", b"xar!"),
)


@dataclass(frozen=True)
class Member:
    """One file of an archive: `name` as its sender wrote it (for people only), sizes as declared and then enforced."""

    name: str
    size: int
    packed: int
    crc: int
    method: int
    offset: int  # of the local header


@dataclass(frozen=True)
class Unpacked:
    """One member on disk: `size` bytes from `offset` of `path` (our own name, or the archive itself), `sha256` of them."""

    name: str
    path: Path
    size: int
    sha256: str
    offset: int = 0


INFLATE_ERRORS: tuple[type[Exception], ...] = (isal_zlib.error,)  # type: ignore[assignment]


class Archive:
    """An opened archive whose plan has passed every check; read its members one at a time."""

    def __init__(self, handle: IO[bytes], members: tuple[Member, ...]) -> None:
        self.members, self._handle = members, handle

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.close()

    def chunks(self, member: Member, chunk: int = CHUNK) -> Iterator[bytes]:
        """The member's bytes in order. Raises `FormatError` when size or CRC differ from what was declared."""
        self._handle.seek(self.begins(member))
        pieces = _stored(self._handle, member, chunk) if member.method == STORED else _inflated(self._handle, member)
        crc = total = 0
        first = True
        for piece in pieces:
            total += len(piece)
            if total > member.size:
                raise _lies(member)
            if first:
                _refuse_nested(member, piece)
                first = False
            crc = isal_zlib.crc32(piece, crc)
            yield piece
        if total != member.size or crc != member.crc:
            raise _lies(member)

    def begins(self, member: Member) -> int:
        """The offset of the member's first byte, as it is packed. Raises `FormatError` where its header disagrees."""
        self._handle.seek(member.offset)
        return _data_start(self._handle, member)

    def read(self, member: Member) -> bytes:
        """All bytes of a member; the caller has looked at `member.size` first."""
        return b"".join(self.chunks(member))


def open_archive(source: str | Path | IO[bytes], limits: Limits | None = None, *, spreadsheet: bool = False) -> Archive:
    """Plan the archive at a path (or in an open file) and keep it open; `FormatError` says all that is wrong with it.

    `spreadsheet` turns off the ratio rule only: a sparse sheet is legitimately very compressible, and its reader has
    budgets of its own.
    """
    limits = limits or Limits()
    handle = Path(source).open("rb") if isinstance(source, str | Path) else source  # noqa: SIM115 - the Archive closes it
    try:
        size = handle.seek(0, os.SEEK_END)
        if size > limits.bytes:
            raise refuse("too_large", "archive", TOO_MANY_BYTES, size=size, limit=limits.bytes)
        return Archive(handle, _plan(handle, size, limits, spreadsheet))
    except BaseException:
        handle.close()
        raise


def plan(path: str | Path, limits: Limits | None = None) -> tuple[Member, ...]:
    """The members of the archive, folders and system leftovers (`__MACOSX`, `.DS_Store`) left out, nothing read yet."""
    with open_archive(path, limits) as archive:
        return archive.members


def unpack(
    path: str | Path, into: str | Path, limits: Limits | None = None, *, in_place: bool = False
) -> list[Unpacked]:
    """Write every member into the folder `into` as `000000`, `000001`, …; on any fault what was written is removed.

    `in_place` leaves members that are not compressed where they lie in the archive; they pass the same checks.
    """
    path, into = Path(path), Path(into)
    done: list[Unpacked] = []
    target = into / "000000"
    try:
        with open_archive(path, limits) as archive:
            for number, member in enumerate(archive.members):
                target = into / f"{number:06d}"
                digest = hashlib.sha256()
                if in_place and member.method == STORED:
                    for piece in archive.chunks(member):
                        digest.update(piece)
                    begins = archive.begins(member)
                    done.append(Unpacked(member.name, path, member.size, digest.hexdigest(), begins))
                    continue
                with target.open("xb") as out:
                    for piece in archive.chunks(member):
                        digest.update(piece)
                        out.write(piece)
                done.append(Unpacked(member.name, target, member.size, digest.hexdigest()))
    except BaseException:
        for path_written in {*(u.path for u in done), target} - {path}:
            path_written.unlink(missing_ok=True)
        raise
    return done


TOO_MANY_BYTES = gettext_noop("The file has %(size)s bytes; at most %(limit)s are allowed. Send a smaller file.")
NOT_ZIP = gettext_noop("This is not a complete ZIP archive. Make it again with a plain ZIP program and resend it.")
LIES = gettext_noop("Member '%(name)s' is not what the archive's directory says. Make the archive again and resend it.")


def _plan(handle: IO[bytes], size: int, limits: Limits, spreadsheet: bool) -> tuple[Member, ...]:
    count, start, length = _end(handle, size)
    allowed = min(limits.entries, MAX_ENTRIES)
    if count > allowed:
        template = gettext_noop("The archive has %(count)s members; at most %(limit)s are allowed. Send fewer files.")
        raise refuse("too_large", "archive", template, count=count, limit=allowed)
    if start + length > size or length > count * (CENTRAL.size + 3 * 0xFFFF) or length < count * CENTRAL.size:
        raise refuse("unreadable_file", "archive", NOT_ZIP)
    handle.seek(start)
    directory = handle.read(length)
    faults: list[Fault] = []
    every, position = [], 0
    for _ in range(count):
        member, position, mode = _entry(directory, position)
        every.append(member)
        fault = _unsafe_name(member.name) or _unsafe_mode(member, mode)
        if fault:
            faults.append(fault)
    if position != length:
        raise refuse("unsafe_archive", "archive", gettext_noop("The archive's directory holds hidden bytes."))
    faults += _duplicates(every)
    files = [m for m in every if not m.name.endswith(("/", "\\"))]
    faults += _sizes(every, files, limits, spreadsheet)
    if not faults:
        faults += _overlaps(handle, every, start)
    if faults:
        raise FormatError(faults[:1000])
    return tuple(m for m in files if not _is_junk(m.name))


def _end(handle: IO[bytes], size: int) -> tuple[int, int, int]:
    """(number of members, offset and length of the directory) from the end record, ZIP64 included."""
    tail_size = min(size, END.size + 0xFFFF)
    handle.seek(size - tail_size)
    tail = handle.read(tail_size)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < END.size:
        raise refuse("wrong_format" if tail[:2] != b"PK" else "unreadable_file", "archive", NOT_ZIP)
    _, disk, disk_start, here, count, length, start, comment = END.unpack_from(tail, at)
    end_at = size - tail_size + at
    if at + END.size + comment != len(tail):
        raise refuse("unsafe_archive", "archive", gettext_noop("There are bytes after the end of the archive."))
    expected_end = start + length
    if 0xFFFF in (count, here) or 0xFFFFFFFF in (length, start):
        found = _end64(handle, end_at)
        if found is not None:
            here, count, length, start, expected_end = found
            expected_end, end_at = start + length, expected_end
    if disk != disk_start or disk not in (0, 0xFFFF) or here != count:
        raise refuse(
            "wrong_format", "archive", gettext_noop("The archive is one part of several. Send it as one file.")
        )
    if expected_end != end_at:
        template = gettext_noop("The archive's directory is not where its end record says. Make the archive again.")
        raise refuse("unsafe_archive", "archive", template)
    return count, start, length


def _end64(handle: IO[bytes], end_at: int) -> tuple[int, int, int, int, int] | None:
    if end_at < LOCATOR64.size + END64.size:
        return None
    handle.seek(end_at - LOCATOR64.size)
    signature, _, offset, _ = LOCATOR64.unpack(handle.read(LOCATOR64.size))
    if signature != b"PK\x06\x07":
        return None
    handle.seek(min(offset, end_at))
    record = handle.read(END64.size)
    if len(record) < END64.size or record[:4] != b"PK\x06\x06":
        raise refuse("unreadable_file", "archive", NOT_ZIP)
    _, _, _, _, _, _, here, count, length, start = END64.unpack(record)
    return here, count, length, start, offset


def _entry(directory: bytes, at: int) -> tuple[Member, int, int]:
    if at + CENTRAL.size > len(directory) or directory[at : at + 4] != b"PK\x01\x02":
        raise refuse("unreadable_file", "archive", NOT_ZIP)
    fields = CENTRAL.unpack_from(directory, at)
    _, _, _, flags, method, _, _, crc, packed, size, name_len, extra_len, comment_len, _, _, external, offset = fields
    name_at = at + CENTRAL.size
    after = name_at + name_len + extra_len + comment_len
    if after > len(directory):
        raise refuse("unreadable_file", "archive", NOT_ZIP)
    raw = directory[name_at : name_at + name_len]
    try:
        name = raw.decode("utf-8" if flags & UTF8 else "cp437")
    except UnicodeDecodeError as error:
        raise refuse("unsafe_archive", "archive", gettext_noop("A member's name is not valid UTF-8.")) from error
    if 0xFFFFFFFF in (size, packed, offset):
        extra = directory[name_at + name_len : name_at + name_len + extra_len]
        size, packed, offset = _wide(extra, size, packed, offset)
    if flags & ENCRYPTED:
        template = gettext_noop("Member '%(name)s' is encrypted. Send the archive without a password.")
        raise refuse("wrong_format", name, template, name=name)
    if method not in (STORED, DEFLATED):
        template = gettext_noop("Member '%(name)s' uses a rare compression. Make the archive with plain 'deflate'.")
        raise refuse("wrong_format", name, template, name=name)
    return Member(name, size, packed, crc, method, offset), after, external >> 16


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Sizes of more than 4 GB, from the ZIP64 extra field (APPNOTE 4.5.3)."""
    at, values = 0, [size, packed, offset]
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        if tag == 1:
            body = extra[at + 4 : at + 4 + length]
            for i, value in enumerate(values):
                if value == 0xFFFFFFFF and len(body) >= 8:
                    values[i], body = struct.unpack_from("<Q", body)[0], body[8:]
            break
        at += 4 + length
    return values[0], values[1], values[2]


def _unsafe_name(name: str) -> Fault | None:
    parts = name.replace("\\", "/").split("/")
    absolute = name.startswith(("/", "\\")) or (len(name) > 1 and name[1] == ":")
    odd = any(ord(c) < 32 or ord(c) == 127 or unicodedata.category(c) == "Cf" for c in name)
    if name and len(name) <= MAX_NAME and not (absolute or odd or ".." in parts):
        return None
    template = gettext_noop("Member '%(name)s' has an unsafe name. Use plain relative names without '..'.")
    return Fault("unsafe_archive", name, template, {"name": name})


def _unsafe_mode(member: Member, mode: int) -> Fault | None:
    kind = stat.S_IFMT(mode)
    folder = member.name.endswith(("/", "\\"))
    if kind in (0, stat.S_IFREG, stat.S_IFDIR) and not (folder and member.size):
        return None
    template = gettext_noop("Member '%(name)s' is a link or a device, not a file. Send the file itself.")
    return Fault("unsafe_archive", member.name, template, {"name": member.name})


def _duplicates(members: list[Member]) -> list[Fault]:
    template = gettext_noop("The archive names '%(name)s' twice. Give every member its own name.")
    seen: set[str] = set()
    faults = []
    for member in members:
        key = unicodedata.normalize("NFC", member.name.replace("\\", "/")).casefold().rstrip("/")
        if key in seen:
            faults.append(Fault("unsafe_archive", member.name, template, {"name": member.name}))
        seen.add(key)
    return faults


def _sizes(every: list[Member], files: list[Member], limits: Limits, spreadsheet: bool) -> list[Fault]:
    total = sum(m.size for m in every)
    if total > limits.unpacked_bytes:
        template = gettext_noop("The archive unpacks to %(size)s bytes; at most %(limit)s are allowed. Send less.")
        return [Fault("too_large", "archive", template, {"size": total, "limit": limits.unpacked_bytes})]
    if not [m for m in files if not _is_junk(m.name)]:
        return [Fault("empty_submission", "archive", gettext_noop("The archive holds no file. Send the files in it."))]
    bomb = gettext_noop(
        "Member '%(name)s' unpacks to %(ratio)s times its size; at most 200 is allowed. Send it as .nii.gz, or store it."
    )
    unequal = gettext_noop("Member '%(name)s' is stored with two different sizes. Make the archive again.")
    faults = []
    for m in every:
        if m.method == STORED and m.size != m.packed:
            faults.append(Fault("unsafe_archive", m.name, unequal, {"name": m.name}))
        elif m.size > RATIO_FROM and m.size > MAX_RATIO * m.packed and not spreadsheet:
            ratio = m.size // max(m.packed, 1)
            faults.append(Fault("unsafe_archive", m.name, bomb, {"name": m.name, "ratio": ratio}))
    return faults


def _overlaps(handle: IO[bytes], members: list[Member], directory: int) -> list[Fault]:
    """Every member lies between the end of the one before and the directory, and its own header agrees about it."""
    end = 0
    members = sorted(members, key=lambda m: m.offset)
    for member, after in itertools.pairwise(members):
        if member.offset + LOCAL.size + member.packed > after.offset:
            return [_overlap(after)]
    for member in members:
        if member.offset < end or member.offset + LOCAL.size > directory:
            return [_overlap(member)]
        handle.seek(member.offset)
        end = _data_start(handle, member) + member.packed
        if end > directory:
            return [_overlap(member)]
    return []


def _overlap(member: Member) -> Fault:
    template = gettext_noop("Member '%(name)s' overlaps another one. Make the archive again.")
    return Fault("unsafe_archive", member.name, template, {"name": member.name})


def _data_start(handle: IO[bytes], member: Member) -> int:
    """Offset of a member's bytes; `handle` stands at its local header, which must agree with the directory."""
    header = handle.read(LOCAL.size)
    if len(header) < LOCAL.size or header[:4] != b"PK\x03\x04":
        raise _lies(member)
    _, _, flags, method, _, _, _, packed, size, name_len, extra_len = LOCAL.unpack(header)
    name = handle.read(name_len)
    try:
        same_name = name.decode("utf-8" if flags & UTF8 else "cp437") == member.name
    except UnicodeDecodeError:
        same_name = False
    later = flags & 8 or 0xFFFFFFFF in (packed, size)  # sizes follow the data, or stand in the ZIP64 field
    if not same_name or method != member.method or not (later or (packed, size) == (member.packed, member.size)):
        raise _lies(member)
    return member.offset + LOCAL.size + name_len + extra_len


def _stored(handle: IO[bytes], member: Member, chunk: int) -> Iterator[bytes]:
    left = member.size
    while left:
        piece = handle.read(min(chunk, left))
        if not piece:
            raise _lies(member)
        left -= len(piece)
        yield piece


def _inflated(handle: IO[bytes], member: Member) -> Iterator[bytes]:
    inflate = isal_zlib.decompressobj(-15)
    left = member.packed
    try:
        while left and not inflate.eof:
            piece = handle.read(min(CHUNK // 4, left))
            if not piece:
                raise _lies(member)
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
            raise _lies(member)
    except INFLATE_ERRORS as error:
        raise _lies(member) from error


def _lies(member: Member) -> FormatError:
    return refuse("unreadable_file", member.name, LIES, name=member.name)


def _refuse_nested(member: Member, piece: bytes) -> None:
    """An archive inside an archive is told by its first bytes; a workbook and a `.nii.gz` may look like one."""
    name = member.name.lower()
    gzip_ok = name.endswith((".nii.gz", ".nrrd"))
    nested = piece.startswith(NESTED_STARTS) or piece[257:262] == b"ustar"
    if nested and name.endswith(".xlsx") and b"[Content_Types].xml" in piece:
        return
    if nested or (piece.startswith(b"\x1f\x8b") and not gzip_ok):
        template = gettext_noop("Member '%(name)s' is itself an archive. Send its files directly in one ZIP.")
        raise refuse("unsafe_archive", member.name, template, name=member.name)


def _is_junk(name: str) -> bool:
    folded = name.casefold().replace("\\", "/")
    last = folded.rsplit("/", 1)[-1]
    return folded.startswith(JUNK[0]) or "/__macosx/" in folded or last in JUNK[1:] or last.startswith("._")

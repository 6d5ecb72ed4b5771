"""The central directory of a ZIP archive from a stranger, read by arithmetic: what its members are, and every fault of it.

Layout: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.4.
"""

import itertools
import stat
import struct
import unicodedata
from dataclasses import dataclass
from typing import IO

from concours.formats.fault import Fault, FormatError, gettext_noop, refuse
from concours.formats.manifest import SubmissionLimits

END, END64, LOCATOR64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")


CENTRAL, LOCAL = struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s5H3L2H")


MAX_ENTRIES = 20_000


MAX_RATIO, RATIO_FROM = 200, 1 << 20


MAX_NAME = 1024


ENCRYPTED, UTF8 = 0x1 | 0x40 | 0x2000, 0x800


STORED, DEFLATED = 0, 8


JUNK = ("__macosx/", ".ds_store", "thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class ArchiveMember:
    """One file of an archive: `name` as its sender wrote it (for people only), sizes as declared and then enforced."""

    name: str
    size: int
    packed: int
    crc: int
    method: int
    offset: int  # of the local header


NOT_ZIP = gettext_noop("This is not a complete ZIP archive. Create it again with a standard ZIP program and resend it.")


LIES = gettext_noop("Member '%(name)s' does not match the archive's directory. Create the archive again and resend it.")


def plan_members(
    handle: IO[bytes], size: int, limits: SubmissionLimits, spreadsheet: bool
) -> tuple[ArchiveMember, ...]:
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
        raise refuse("unsafe_archive", "archive", gettext_noop("The archive's directory contains hidden bytes."))
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
        end64 = _end64(handle, end_at)
        if end64 is not None:
            here, count, length, start, expected_end = end64
            expected_end, end_at = start + length, expected_end
    if disk != disk_start or disk not in (0, 0xFFFF) or here != count:
        raise refuse(
            "wrong_format", "archive", gettext_noop("The archive is split into several parts. Send it as one file.")
        )
    if expected_end != end_at:
        template = gettext_noop("The archive's directory is not where its end record says. Create the archive again.")
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


def _entry(directory: bytes, at: int) -> tuple[ArchiveMember, int, int]:
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
        template = gettext_noop(
            "Member '%(name)s' uses an unsupported compression. Create the archive with standard 'deflate'."
        )
        raise refuse("wrong_format", name, template, name=name)
    return ArchiveMember(name, size, packed, crc, method, offset), after, external >> 16


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
    template = gettext_noop("Member '%(name)s' has an unsafe name. Use relative names without '..'.")
    return Fault("unsafe_archive", name, template, {"name": name})


def _unsafe_mode(member: ArchiveMember, mode: int) -> Fault | None:
    kind = stat.S_IFMT(mode)
    folder = member.name.endswith(("/", "\\"))
    if kind in (0, stat.S_IFREG, stat.S_IFDIR) and not (folder and member.size):
        return None
    template = gettext_noop("Member '%(name)s' is a link or a device, not a file. Send the file itself.")
    return Fault("unsafe_archive", member.name, template, {"name": member.name})


def _duplicates(members: list[ArchiveMember]) -> list[Fault]:
    template = gettext_noop("The archive names '%(name)s' twice. Give every member its own name.")
    seen: set[str] = set()
    faults = []
    for member in members:
        key = unicodedata.normalize("NFC", member.name.replace("\\", "/")).casefold().rstrip("/")
        if key in seen:
            faults.append(Fault("unsafe_archive", member.name, template, {"name": member.name}))
        seen.add(key)
    return faults


def _sizes(
    every: list[ArchiveMember], files: list[ArchiveMember], limits: SubmissionLimits, spreadsheet: bool
) -> list[Fault]:
    total = sum(m.size for m in every)
    if total > limits.unpacked_bytes:
        template = gettext_noop("The archive unpacks to %(size)s bytes; at most %(limit)s are allowed. Send less.")
        return [Fault("too_large", "archive", template, {"size": total, "limit": limits.unpacked_bytes})]
    if not [m for m in files if not _is_junk(m.name)]:
        return [
            Fault("empty_submission", "archive", gettext_noop("The archive contains no file. Add the files to send."))
        ]
    bomb = gettext_noop(
        "Member '%(name)s' unpacks to %(ratio)s times its size; the limit is 200. Send it as .nii.gz, or "
        "store it uncompressed."
    )
    unequal = gettext_noop("Member '%(name)s' is stored with two different sizes. Create the archive again.")
    faults = []
    for m in every:
        if m.method == STORED and m.size != m.packed:
            faults.append(Fault("unsafe_archive", m.name, unequal, {"name": m.name}))
        elif m.size > RATIO_FROM and m.size > MAX_RATIO * m.packed and not spreadsheet:
            ratio = m.size // max(m.packed, 1)
            faults.append(Fault("unsafe_archive", m.name, bomb, {"name": m.name, "ratio": ratio}))
    return faults


def _overlaps(handle: IO[bytes], members: list[ArchiveMember], directory: int) -> list[Fault]:
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
        end = data_start(handle, member) + member.packed
        if end > directory:
            return [_overlap(member)]
    return []


def _overlap(member: ArchiveMember) -> Fault:
    template = gettext_noop("Member '%(name)s' overlaps another one. Create the archive again.")
    return Fault("unsafe_archive", member.name, template, {"name": member.name})


def data_start(handle: IO[bytes], member: ArchiveMember) -> int:
    """Offset of a member's bytes; `handle` stands at its local header, which must agree with the directory."""
    header = handle.read(LOCAL.size)
    if len(header) < LOCAL.size or header[:4] != b"PK\x03\x04":
        raise lying_member(member)
    _, _, flags, method, _, _, _, packed, size, name_len, extra_len = LOCAL.unpack(header)
    name = handle.read(name_len)
    try:
        same_name = name.decode("utf-8" if flags & UTF8 else "cp437") == member.name
    except UnicodeDecodeError:
        same_name = False
    later = flags & 8 or 0xFFFFFFFF in (packed, size)  # sizes follow the data, or stand in the ZIP64 field
    if not same_name or method != member.method or not (later or (packed, size) == (member.packed, member.size)):
        raise lying_member(member)
    return member.offset + LOCAL.size + int(name_len) + int(extra_len)


def lying_member(member: ArchiveMember) -> FormatError:
    return refuse("unreadable_file", member.name, LIES, name=member.name)


def _is_junk(name: str) -> bool:
    folded = name.casefold().replace("\\", "/")
    last = folded.rsplit("/", 1)[-1]
    return folded.startswith(JUNK[0]) or "/__macosx/" in folded or last in JUNK[1:] or last.startswith("._")

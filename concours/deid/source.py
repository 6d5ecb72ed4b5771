"""One file opened for de-identification: its bytes, file meta information, elements and the place of its pixels."""

import hashlib
import mmap
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from isal import isal_zlib

from concours.deid import objects, tags
from concours.deid.refusal import FileRefusedError
from concours.deid.tokens import DataElement, NotPlain, PixelPlace, encode, scan
from concours.formats.stored import Stored, whole

WHOLE = 8 << 20
"""Files up to this size are read at once; larger ones are mapped, and only their headers touched."""
MAX_SLOW = 256 << 20
"""A file that only pydicom can read has to fit into memory."""


@dataclass
class OpenedFile:
    """An open file. `fd` reads the bytes that `place` points into; `explicit` is how `tokens` are encoded.

    The file lies from `begin` of `buffer`; what lies at 0 of `buffer` lies at `shift` of `fd`.
    """

    fd: int
    size: int
    sha256: str
    buffer: bytes | mmap.mmap = field(repr=False)
    begin: int = 0
    shift: int = 0
    transfer_syntax: str = ""
    explicit: bool = True
    fast: bool = True
    tokens: list[DataElement] = field(default_factory=list, repr=False)
    place: PixelPlace | None = None
    pixel_buffer: bytes | None = field(default=None, repr=False)
    descriptors: list[int] = field(default_factory=list)

    @property
    def end(self) -> int:
        """Where the file ends in `buffer`."""
        return self.begin + self.size

    def content(self) -> bytes:
        """The file's bytes, in memory."""
        whole_buffer = isinstance(self.buffer, bytes) and self.size == len(self.buffer)
        return self.buffer if whole_buffer else self.buffer[self.begin : self.end]  # type: ignore[return-value]

    def in_memory(self, offset: int, length: int) -> memoryview | None:
        """The bytes that `fd` has at `offset`, where they were read already."""
        if self.pixel_buffer is not None:
            return memoryview(self.pixel_buffer)[offset : offset + length]
        begins = offset - self.shift
        return memoryview(self.buffer)[begins : begins + length] if isinstance(self.buffer, bytes) else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(self.buffer, mmap.mmap):
            self.buffer.close()
        for descriptor in self.descriptors:
            os.close(descriptor)


def open_source(src: Path | str | Stored) -> OpenedFile:
    """The file opened and hashed, which may lie inside another one.

    Raises RefusedError where it cannot be opened, DamagedStoreError where an archive of ours is not what it was.
    """
    try:
        piece = src if isinstance(src, Stored) else whole(src)
        fd = os.open(piece.path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        raise FileRefusedError("unreadable_file", "The file cannot be opened.") from None
    if piece.size <= WHOLE:
        data = b""
        while len(data) < piece.size and (part := os.pread(fd, piece.size - len(data), piece.offset + len(data))):
            data = data + part if data else part
        digest = hashlib.sha256(data).hexdigest()
        piece.confirm(isal_zlib.crc32(data) if piece.crc is not None else 0, len(data))
        return OpenedFile(fd, len(data), digest, data, shift=piece.offset, descriptors=[fd])
    hasher, crc, chunk, done = hashlib.sha256(), 0, memoryview(bytearray(1 << 20)), 0
    while done < piece.size and (read := os.preadv(fd, [chunk[: piece.size - done]], piece.offset + done)):
        hasher.update(chunk[:read])
        crc = isal_zlib.crc32(chunk[:read], crc) if piece.crc is not None else 0
        done += read
    piece.confirm(crc, done)
    mapped = mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
    return OpenedFile(fd, done, hasher.hexdigest(), mapped, begin=piece.offset, descriptors=[fd])


def open_head(src: Path | str | Stored) -> OpenedFile:
    """The file opened for its header alone: neither hashed nor confirmed, and mapped where it is large."""
    try:
        piece = src if isinstance(src, Stored) else whole(src)
        fd = os.open(piece.path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        raise FileRefusedError("unreadable_file", "The file cannot be opened.") from None
    if piece.size == 0:
        return OpenedFile(fd, 0, "", b"", descriptors=[fd])
    mapped = mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
    return OpenedFile(fd, piece.size, "", mapped, begin=piece.offset, descriptors=[fd])


def read_meta(source: OpenedFile) -> int:
    """Reads the transfer syntax from the file meta information and returns where the data set starts (PS3.10 chapter 7)."""
    buffer = source.buffer
    pos = source.begin + 132
    if source.size < 132 or buffer[pos - 4 : pos] != b"DICM":
        raise FileRefusedError("not_dicom", "The file has no DICOM preamble.")
    while pos + 8 <= source.end and buffer[pos : pos + 2] == b"\x02\x00":
        element, vr = buffer[pos + 2 : pos + 4], buffer[pos + 4 : pos + 6]
        long = vr in (b"OB", b"UN", b"UT", b"OW", b"UR", b"UC")
        header = 12 if long else 8
        length = int.from_bytes(buffer[pos + 8 : pos + 12] if long else buffer[pos + 6 : pos + 8], "little")
        if pos + header + length > source.end:
            raise FileRefusedError("unreadable_file", "The file ends within the file meta information.")
        if element == b"\x10\x00":
            if length > 64:
                raise FileRefusedError("unreadable_file", "The file meta information is damaged.")
            source.transfer_syntax = (
                bytes(buffer[pos + header : pos + header + length]).decode("ascii", "replace").strip("\0 ")
            )
        pos += header + length
    if not source.transfer_syntax:
        raise FileRefusedError("unsupported_transfer_syntax", "The file meta information names no transfer syntax.")
    return pos


def read_elements(
    source: OpenedFile, vrs: Mapping[int, tuple[bytes, ...]], start: int, *, reader: str = "auto"
) -> None:
    """Fills in the elements with the byte-level reader, or with pydicom where that cannot (`reader` forces "bytes" or "pydicom").

    Raises RefusedError where neither reads the file, NotPlain where "bytes" is forced and does not.
    """
    syntax = source.transfer_syntax
    if syntax not in objects.NATIVE | objects.ENCAPSULATED:
        raise FileRefusedError("unsupported_transfer_syntax", "This transfer syntax is not accepted.")
    source.explicit = syntax != objects.LITTLE_IMPLICIT
    if syntax == objects.DEFLATED:
        _read_deflated(source, start, vrs)
        return
    if syntax == objects.BIG_EXPLICIT or reader == "pydicom":
        read_slowly(source, vrs)
        return
    try:
        source.tokens, _, place = scan(source.buffer, start, source.end, source.explicit, vrs, top=True)  # type: ignore[arg-type]
        source.place = place and replace(place, offset=place.offset + source.shift)
    except NotPlain:
        if reader == "bytes":
            raise
        read_slowly(source, vrs)


def read_slowly(source: OpenedFile, vrs: Mapping[int, tuple[bytes, ...]]) -> None:
    """Reads the elements with pydicom; big endian becomes explicit little endian."""
    if source.size > MAX_SLOW:
        raise FileRefusedError("too_large", "The file is irregular and too large to be read at once.")
    source.fast = False
    from concours.deid.with_pydicom import read_with_pydicom  # pydicom takes 20 MB that the fast path does without

    data = source.content()
    source.tokens, pixels = read_with_pydicom(data, source.explicit, vrs)
    if source.transfer_syntax == objects.BIG_EXPLICIT:
        source.transfer_syntax = objects.LITTLE_EXPLICIT
    source.place = None
    if pixels is not None:
        tag, vr, value, encapsulated = pixels
        _hold(
            source,
            tag,
            vr,
            value + (encode(tags.SequenceDelimitationItem, b"", b"", False) if encapsulated else b""),
            encapsulated,
        )


def _read_deflated(source: OpenedFile, start: int, vrs: Mapping[int, tuple[bytes, ...]]) -> None:
    """Inflates with a limit; the data set inside is explicit little endian, and is written as such."""
    source.fast = False
    source.transfer_syntax = objects.LITTLE_EXPLICIT
    data = source.content()
    from concours.deid.with_pydicom import inflate

    plain = inflate(data, start - source.begin)
    try:
        source.tokens, _, place = scan(plain, 0, len(plain), True, vrs, top=True)
    except NotPlain:
        remade = (
            bytes(128)
            + b"DICM"
            + encode(tags.TransferSyntaxUID, b"UI", objects.LITTLE_EXPLICIT.encode("ascii"), True)
            + plain
        )
        if isinstance(source.buffer, mmap.mmap):
            source.buffer.close()
        source.buffer, source.size, source.begin = remade, len(remade), 0
        read_slowly(source, vrs)
        return
    if place is not None:
        _hold(source, place.tag, place.vr, plain[place.offset : place.offset + place.length], place.encapsulated)


def _hold(source: OpenedFile, tag: int, vr: bytes, value: bytes, encapsulated: bool) -> None:
    """Puts pixel bytes that are not in the file as they are behind a descriptor, so that one writer serves both readers."""
    source.fd = os.memfd_create("pixels", os.MFD_CLOEXEC)
    source.descriptors.append(source.fd)
    with open(source.fd, "wb", closefd=False) as stream:
        stream.write(value)
    source.place = PixelPlace(tag, vr, 0, len(value), encapsulated)
    source.pixel_buffer = value

"""Files that lie uncompressed inside another file: packed into our own ZIP archives, and read where they lie.

A large exam is one archive; writing its files out again before each look costs more than the look.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

from isal import isal_zlib

LOCAL_HEADER = 30  # bytes before a member's name; two lengths stand at its end (PKWARE APPNOTE 6.3.10, 4.3.7)
CHUNK = 1 << 20
CHECKED = 1 << 16  # bytes checked at a time: they stay in the cache
WIDE = 1 << 30  # members beyond this get ZIP64 fields
ZIP_MOMENT = (1980, 1, 1, 0, 0, 0)  # of every member: the first that the format knows


class DamagedStoreError(RuntimeError):
    """An archive of our own is not what it was when it was written: a defect of a disk or of ours, never of a sender's file."""


@dataclass(frozen=True)
class Stored:
    """`size` bytes from `offset` of the file at `path`; `name` is the file's own, `crc` (CRC-32) None where none is known."""

    path: Path
    name: str
    offset: int
    size: int
    crc: int | None = None

    def open(self) -> BinaryIO:
        """The bytes as a file of their own. Raises OSError."""
        return cast("BinaryIO", io.BufferedReader(_Window(self.path, self.offset, self.size)))

    def check(self) -> Stored:
        """Itself, when every byte is there and the CRC is as told. Raises DamagedStoreError."""
        crc = total = 0
        piece = bytearray(min(CHECKED, self.size))
        with _Window(self.path, self.offset, self.size) as source:
            while read := source.readinto(piece):
                crc = isal_zlib.crc32(memoryview(piece)[:read], crc)
                total += read
        return self.confirm(crc, total)

    def confirm(self, crc: int, total: int) -> Stored:
        """Itself, when these are the CRC and the number of bytes that were read. Raises DamagedStoreError."""
        if total != self.size or (self.crc is not None and crc != self.crc):
            raise DamagedStoreError("a stored file is damaged")
        return self

    def to_json(self) -> dict[str, Any]:
        """As it crosses to a child process; `from_json` reads it back."""
        return {**asdict(self), "path": str(self.path)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Stored:
        return cls(**{**value, "path": Path(value["path"])})


def whole(path: Path | str) -> Stored:
    """A file that lies in no other one. Raises OSError."""
    path = Path(path)
    return Stored(path, path.name, 0, path.stat().st_size)


class _Window(io.RawIOBase):
    """A stretch of a file, read only."""

    name = ""  # pydicom asks every buffered file for one

    def __init__(self, path: Path, offset: int, size: int) -> None:
        self._file = path.open("rb", buffering=0)
        self._offset, self._size, self._at = offset, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        view = memoryview(target).cast("B")
        room = max(0, min(len(view), self._size - self._at))
        read = os.preadv(self._file.fileno(), [view[:room]], self._offset + self._at) if room else 0
        self._at += read
        return read

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        self._file.close()
        super().close()


def members(path: Path) -> list[Stored]:
    """The members of an archive of `StoredArchive`, nothing of them read yet. Raises DamagedStoreError for any other archive."""
    files = []
    with zipfile.ZipFile(path) as archive, path.open("rb") as source:
        for info in archive.infolist():
            source.seek(info.header_offset)
            head = source.read(LOCAL_HEADER)
            if info.compress_type != zipfile.ZIP_STORED or len(head) < LOCAL_HEADER or head[:4] != b"PK\x03\x04":
                raise DamagedStoreError("an archive of ours is damaged")
            lengths = int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
            begins = info.header_offset + LOCAL_HEADER + lengths
            files.append(Stored(path, info.filename, begins, info.file_size, info.CRC))
    return files


class StoredArchive:
    """Writes an archive of uncompressed members. Its bytes follow from the names and contents alone: twice is the same file.

    `with StoredArchive(path) as archive: archive.add("a.dcm", whole(file))`; members stand in the order in which they were added.
    """

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)
        self._piece = memoryview(bytearray(CHUNK))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def add(self, name: str, content: Stored | bytes) -> None:
        """Adds a file by its place or by its bytes. Raises OSError where bytes of the file are missing."""
        info = zipfile.ZipInfo(name, ZIP_MOMENT)
        if isinstance(content, bytes):
            self._zip.writestr(info, content)
            return
        info.file_size, total = content.size, 0
        with (
            self._zip.open(info, "w", force_zip64=content.size > WIDE) as target,
            _Window(content.path, content.offset, content.size) as source,
        ):
            while read := source.readinto(self._piece):
                target.write(self._piece[:read])
                total += read
        if total != content.size:
            raise OSError("a file became shorter while it was packed")

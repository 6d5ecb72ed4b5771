"""The staging disk: one file per upload that is on its way in. The file's size is the offset."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings

PART, CHUNK = ".part", ".chunk"


class OffsetConflictError(Exception):
    """Somebody else wrote since: the file's size is not the writer's position."""


def staging_path(upload_id: UUID | str) -> Path:
    return Path(settings.STAGING_DIR) / f"{UUID(str(upload_id)).hex}{PART}"


def create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)


def offset(path: Path) -> int:
    """Bytes received so far; 0 where nothing is."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def last_written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def append(path: Path, position: int, data: bytes) -> int:
    """Appends if the file's size is `position`; the new size. Raises OffsetConflictError.

    The lock is held for this one write only: holding it for a whole PATCH fails when a dead connection lingers.
    """
    with _locked(path) as descriptor:
        if os.fstat(descriptor).st_size != position:
            raise OffsetConflictError
        view = memoryview(data)
        while view:
            written = os.pwrite(descriptor, view, position)
            position += written
            view = view[written:]
    return position


def append_file(path: Path, position: int, source: Path) -> int:
    """As `append`, with the bytes of a whole file."""
    with _locked(path) as descriptor, source.open("rb") as data:
        if os.fstat(descriptor).st_size != position:
            raise OffsetConflictError
        with os.fdopen(os.dup(descriptor), "wb") as target:
            target.seek(position)
            shutil.copyfileobj(data, target, 4 << 20)
        return os.fstat(descriptor).st_size


@contextmanager
def assembled(path: Path) -> Iterator[Path]:
    """An empty file beside `path` to write to; whole and durable, it takes the place of `path` at once."""
    copy = path.with_name(f"{path.stem}-{uuid4().hex}{CHUNK}")
    create(copy)
    try:
        yield copy
        sync(copy)
        os.replace(copy, path)
    finally:
        discard(copy)


def sync(path: Path) -> None:
    """Returns when every byte is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def discard(path: Path) -> None:
    path.unlink(missing_ok=True)


def strays(age_seconds: float) -> list[Path]:
    """Files that nobody has written to for a while: of uploads, and bodies that were held beside them for a checksum."""
    folder, oldest = Path(settings.STAGING_DIR), time.time() - age_seconds
    old = []
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            if path.suffix in (PART, CHUNK) and path.stat().st_mtime < oldest:
                old.append(path)
        except FileNotFoundError:
            continue
    return old


def upload_of(path: Path) -> UUID | None:
    """The id of the upload that a file of this disk is of; None for a body that was held for its checksum."""
    return UUID(path.stem) if path.suffix == PART else None


def free_bytes() -> int:
    folder = Path(settings.STAGING_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(folder).free

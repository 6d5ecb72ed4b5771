"""The five stores and the only ways in and out of them.

quarantine   original bytes; no participant-facing code names it
exams        de-identified exams and annotations
deliveries   built batches, ready to be sent
submissions  what teams sent
sealed       truth; only the scorer opens it

Keys are `<owner>/<sha256>`: content-addressed, so that a step that runs twice writes the same object, and owned by one row,
so that erasing one row's objects never takes another's.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from core.temporary import lease_folder, process_folder

CHUNK = 4 << 20


@dataclass(frozen=True)
class Blob:
    """An object in a store: its key, SHA-256 (hex) and size in bytes."""

    key: str
    sha256: str
    size: int


def store(name: str) -> Storage:
    if name not in settings.STORES:
        raise KeyError(f"no store is called {name!r}")
    return storages[name]


def hash_file(path: Path) -> tuple[str, int]:
    """SHA-256 (hex) and size of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def put_file(name: str, owner: str, path: Path, *, move: bool = False) -> Blob:
    """Copies (or moves, on one disk) a file into a store, durably, under its hash. Putting it twice is putting it once."""
    sha256, size = hash_file(path)
    key = f"{owner}/{sha256}"
    target = store(name)
    if _present(target, key, size):
        if move:
            path.unlink()
        return Blob(key, sha256, size)
    local = _local(target, key)
    if local is None:
        with path.open("rb") as file:
            target.save(key, File(file))
        if move:
            path.unlink()
    else:
        _place(path, local, move=move)
    return Blob(key, sha256, size)


def put_bytes(name: str, owner: str, content: bytes) -> Blob:
    sha256 = hashlib.sha256(content).hexdigest()
    key = f"{owner}/{sha256}"
    target = store(name)
    if not _present(target, key, len(content)):
        local = _local(target, key)
        if local is None:
            target.save(key, ContentFile(content))
        else:
            _place(_write(content, _folder(local)), local, move=True)
    return Blob(key, sha256, len(content))


def _present(target: Storage, key: str, size: int) -> bool:
    return target.exists(key) and target.size(key) == size


def _local(target: Storage, key: str) -> Path | None:
    try:
        return Path(target.path(key))
    except NotImplementedError:
        return None


def _folder(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.parent


def _place(source: Path, target: Path, *, move: bool) -> None:
    """Under its final name only when it is whole and on the disk: written elsewhere, synced, renamed."""
    folder = _folder(target)
    draft = source
    if not move or source.stat().st_dev != folder.stat().st_dev:
        draft = _copy(source, folder)
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.chmod(0o640)
    os.replace(draft, target)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if move and draft is not source:
        source.unlink()


def _draft_folder(folder: Path) -> Path:
    """Where an object is written before it gets its name in `folder`: with the process's temporary files, if on the same disk."""
    own = process_folder()
    return own if own.stat().st_dev == folder.stat().st_dev else folder


def _write(content: bytes, folder: Path) -> Path:
    with tempfile.NamedTemporaryFile(dir=_draft_folder(folder), prefix="draft-", delete=False) as file:
        try:
            file.write(content)
            file.flush()
        except OSError:
            Path(file.name).unlink()
            raise
    return Path(file.name)


def _copy(source: Path, folder: Path) -> Path:
    """A copy under a name of its own; none is left behind where the source is gone or the disk is full."""
    drafts = _draft_folder(folder)
    with source.open("rb") as original, tempfile.NamedTemporaryFile(dir=drafts, prefix="draft-", delete=False) as copy:
        try:
            shutil.copyfileobj(original, copy, CHUNK)
            copy.flush()
        except OSError:
            Path(copy.name).unlink()
            raise
    return Path(copy.name)


def open_blob(name: str, key: str) -> IO[bytes]:
    return store(name).open(key, "rb")


def read_blob(name: str, key: str) -> bytes:
    with open_blob(name, key) as file:
        return file.read()


@contextmanager
def local_copy(name: str, key: str) -> Iterator[Path]:
    """A path on this machine to read the object from: the object itself on a local disk, else a copy that goes away."""
    target = store(name)
    local = _local(target, key)
    if local is not None:
        yield local
        return
    with lease_folder("object") as folder:
        path = folder / "object"
        with target.open(key, "rb") as source, path.open("wb") as copy:
            shutil.copyfileobj(source, copy, CHUNK)
        yield path


def erase(name: str, key: str) -> None:
    """Removes an object; one that is gone already is fine."""
    if key:
        store(name).delete(key)


def erase_owner(name: str, owner: str) -> None:
    """Removes every object of one owner."""
    target = store(name)
    try:
        _folders, files = target.listdir(owner)
    except FileNotFoundError:
        return
    for file in files:
        target.delete(f"{owner}/{file}")

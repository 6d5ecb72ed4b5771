"""Temporary files: below the data folder, in a folder of the process that makes them, and gone when the process is.

A folder here may contain an exam with its patient's name, or a truth. Each process has one folder, whose `lock` it holds as long
as it lives; the kernel releases the lock however the process ends. A folder whose lock is free is left over: `sweep_temporary`
removes it, and so does every process that begins to make temporary files.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

LOCK = "lock"
YOUNG_SECONDS = 10.0  # a folder that was made just now may not be locked yet


@dataclass(frozen=True)
class _Own:
    """This process's folder; a forked process makes another."""

    pid: int
    folder: Path
    lock: int


_own: _Own | None = None
_making = threading.Lock()


@contextmanager
def lease_folder(purpose: str) -> Iterator[Path]:
    """A new, private folder for one piece of work; it goes with the block, or with the process."""
    with tempfile.TemporaryDirectory(prefix=f"{purpose}-", dir=process_folder(), ignore_cleanup_errors=True) as name:
        yield Path(name)


def kept_folder(purpose: str) -> Path:
    """A new, private folder that stays for the life of the process, such as a cache."""
    return Path(tempfile.mkdtemp(prefix=f"{purpose}-", dir=process_folder()))


def process_folder() -> Path:
    """This process's own folder."""
    global _own
    root = Path(settings.TEMPORARY_DIR)
    with _making:
        if _own is None or _own.pid != os.getpid() or _own.folder.parent != root or not _own.folder.is_dir():
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            sweep_temporary()
            folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=root))
            lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
            _own = _Own(os.getpid(), folder, lock)
        return _own.folder


def sweep_temporary() -> int:
    """Removes folders whose processes have ended; how many."""
    root, now, count = Path(settings.TEMPORARY_DIR), time.time(), 0
    if not root.is_dir():
        return 0
    for folder in root.iterdir():
        try:
            if now - folder.stat().st_mtime > YOUNG_SECONDS and _is_free(folder / LOCK):
                shutil.rmtree(folder, ignore_errors=True)
                count += 1
        except OSError:  # another process removes it this moment
            continue
    return count


def _is_free(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _remove_own() -> None:
    if _own is not None and _own.pid == os.getpid():
        shutil.rmtree(_own.folder, ignore_errors=True)


atexit.register(_remove_own)

"""Run a function on an untrusted file in a disposable, confined child process that costs milliseconds to start."""

import atexit
import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concours.formats import wire
from concours.formats.endings import (
    LIMIT_FAULTS,
    ChildCrashedError,
    ChildDiskFullError,
    ChildFailedError,
    ChildLimits,
    ChildLostError,
    LimitExceededError,
    await_end,
    failure_of,
)
from concours.formats.fault import Fault, FormatError

__all__ = [
    "LIMIT_FAULTS",
    "ChildCrashedError",
    "ChildDiskFullError",
    "ChildFailedError",
    "ChildLimits",
    "ChildLostError",
    "LimitExceededError",
    "Usage",
    "confinement",
    "preload",
    "preload_only",
    "run_limited",
    "run_measured",
    "spent",
    "stop",
    "warm",
]

ROOT = Path(__file__).resolve().parents[2]
PRELOAD = ("numpy", "isal.isal_zlib", "PIL.PngImagePlugin", "pydicom.pixels", "concours.formats.preload")


@dataclass(frozen=True)
class Usage:
    """What a child used: peak resident bytes (shared libraries included), CPU seconds, wall seconds."""

    peak_bytes: int
    cpu_seconds: float
    wall_seconds: float


def run_limited(
    function: str,
    *args: Any,
    limits: ChildLimits | None = None,
    read: Sequence[str | Path] = (),
    write: Sequence[str | Path] = (),
    waiting: Callable[[], None] | None = None,
    untrusted: bool = True,
    **kwargs: Any,
) -> Any:
    """Call `"package.module:function"` in a fresh confined child and return its result.

    Arguments and result are JSON values, bytes and numpy arrays (tuples come back as lists); nothing is unpickled.
    The child opens only `read` (files or folders) and `write` (folders). `waiting` is called about once a second, for
    heartbeats. Raises `FormatError` (the child's own, or `LimitExceededError`), which is the file's fault, and
    `ChildFailedError`, which is the platform's. A child that crashes on an `untrusted` file is run a second time, without what
    it wrote, before the file is blamed.
    """
    options: dict[str, Any] = {"limits": limits, "read": read, "write": write, "waiting": waiting}
    return run_measured(function, *args, untrusted=untrusted, **options, **kwargs)[0]


def run_measured(
    function: str,
    *args: Any,
    limits: ChildLimits | None = None,
    read: Sequence[str | Path] = (),
    write: Sequence[str | Path] = (),
    waiting: Callable[[], None] | None = None,
    untrusted: bool = True,
    **kwargs: Any,
) -> tuple[Any, Usage]:
    """As `run_limited`, and what the child used."""
    limits = limits or ChildLimits()
    request = {
        "function": function,
        "args": list(args),
        "kwargs": kwargs,
        "limits": vars(limits),
        "read": [os.path.realpath(p) for p in read],
        "write": [os.path.realpath(p) for p in write],
    }
    before = {path for folder in write for path in Path(folder).rglob("*")}
    try:
        return _run(request, limits, waiting)
    except ChildCrashedError:
        if not untrusted:
            raise
    _remove_new(write, before)
    try:
        return _run(request, limits, waiting)
    except ChildCrashedError as error:
        raise LimitExceededError("crash") from error


def _run(request: dict[str, Any], limits: ChildLimits, waiting: Callable[[], None] | None) -> tuple[Any, Usage]:
    started = time.monotonic()
    data, life = _fork()
    answer: Any = None
    ending = ""
    try:
        wire.send(data, request)
        answer = wire.receive(data, limits.result_bytes, started + limits.patience, waiting)
    except TimeoutError:
        ending = f"no result after {limits.patience:.0f} seconds; the machine may be overloaded"
    except wire.WireError as error:
        ending = "result" if "limit" in str(error) else "malformed" if not isinstance(error, wire.HungUpError) else ""
    except OSError:
        pass  # it ended before it read the request
    finally:
        data.close()
        end = await_end(life, kill=bool(ending), answered=answer is not None)
    _spent.seconds = spent() + end.cpu_seconds
    if answer is None:
        raise failure_of(ending, end, limits)
    return _unwrap(answer), Usage(end.peak_bytes, end.cpu_seconds, time.monotonic() - started)


def _remove_new(folders: Sequence[str | Path], before: set[Path]) -> None:
    """Removes what a crashed child left behind, so that the next one finds the folders as the first did."""
    for folder in folders:
        for path in sorted(Path(folder).rglob("*"), reverse=True):
            if path not in before:
                path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


def spent() -> float:
    """CPU seconds of all children that this thread has run so far: the fork server reaps them, so `os.times` knows nothing."""
    return float(getattr(_spent, "seconds", 0.0))


def _unwrap(answer: Any) -> Any:
    """The child may have been taken over by the file it read, so its answer is checked like any other input."""
    if not isinstance(answer, dict):
        raise LimitExceededError("crash")
    if "faults" in answer:
        try:
            faults = [Fault.from_json(f) for f in answer["faults"]]
        except (KeyError, TypeError, ValueError, AttributeError):
            faults = []
        raise FormatError(faults or LIMIT_FAULTS["crash"])
    if "limit" in answer:
        raise LimitExceededError("result" if answer["limit"] == "file" else "memory")
    if answer.get("disk"):
        raise ChildDiskFullError("the disk on which the child writes is full or broken")
    if "error" in answer:
        raise ChildFailedError(str(answer["error"])[:2000], str(answer.get("traceback", ""))[:8000])
    if "result" not in answer:
        raise LimitExceededError("crash")
    return answer["result"]


class _Server:
    """The fork server of this process: a fresh interpreter that inherits no memory, no environment and no open file."""

    def __init__(self, preload: Sequence[str]) -> None:
        self.owner = os.getpid()
        self.lock = threading.Lock()
        self.control, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own script, no shell
                [
                    sys.executable,
                    "-I",
                    str(ROOT / "concours/formats/forkserver.py"),
                    str(theirs.fileno()),
                    str(ROOT),
                    *preload,
                ],
                pass_fds=[theirs.fileno()],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd="/",
            )

    def alive(self) -> bool:
        return self.owner == os.getpid() and self.process.poll() is None

    def fork(self) -> tuple[socket.socket, socket.socket]:
        data, their_data = socket.socketpair()
        life, their_life = socket.socketpair()
        with their_data, their_life, self.lock:
            socket.send_fds(self.control, [b"1"], [their_data.fileno(), their_life.fileno()])
        return data, life

    def close(self) -> None:
        self.control.close()
        if self.owner != os.getpid():
            self.process.returncode = 0  # another process's child: not ours to wait for, nor to warn about
        else:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=5)


_current: _Server | None = None
_starting = threading.Lock()
_standard: tuple[str, ...] = PRELOAD
_extra: tuple[str, ...] = ()
_spent = threading.local()


def preload(*modules: str) -> None:
    """Name modules the children will need besides the readers' own; call it before the first `run_limited`."""
    global _extra
    _extra = tuple(dict.fromkeys([*_extra, *modules]))


def preload_only(*modules: str) -> None:
    """For a command that reads one file: its server imports these modules, and its child whatever that file needs."""
    global _standard
    _standard = modules


def warm() -> None:
    """Start the fork server now, so that the first file does not wait for its imports."""
    _server()


def confinement() -> list[str]:
    """The layers that hold in a child on this machine, by name (`landlock`, `seccomp`, `limits`, …)."""
    return [str(layer) for layer in run_limited("concours.formats.confine:layers")]


def _environment() -> dict[str, str]:
    """No variable of ours but the few that an interpreter needs: credentials never reach a child.

    Large pages where the kernel has them: a child begins with no memory, and took each 4 KB of a model's in a fault of its own.
    """
    inherited = {k: os.environ[k] for k in ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT") if k in os.environ}
    fixed = {"LANG": "C.UTF-8", "HOME": "/nonexistent", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
    return inherited | fixed | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def _fork() -> tuple[socket.socket, socket.socket]:
    """A new child's two sockets. A server that ended just now is replaced once."""
    for _ in range(2):
        server = _server()
        try:
            return server.fork()
        except OSError:
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.process.wait(timeout=5)
    raise ChildLostError("no fork server of the children could be started")


def _server() -> _Server:
    global _current
    with _starting:
        if _current is None or not _current.alive():
            if _current is not None:
                _current.close()
            _current = _Server((*_standard, *_extra))
        return _current


def stop() -> None:
    """End the fork server and every child with it."""
    global _current
    with _starting:
        if _current is not None:
            _current.close()
            _current = None


atexit.register(stop)

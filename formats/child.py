"""Run a function on an untrusted file in a disposable, confined child process that costs milliseconds to start."""

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from formats import wire
from formats.fault import Fault, FormatError, gettext_noop
from formats.forkserver import LIFE

ROOT = Path(__file__).resolve().parent.parent
PRELOAD = ("numpy", "isal.isal_zlib", "PIL.PngImagePlugin", "pydicom.pixels", "formats.preload")


@dataclass(frozen=True)
class Limits:
    """What one child may use. `memory_bytes` is beyond what the pre-imported libraries already map."""

    memory_bytes: int = 1 << 30
    cpu_seconds: int = 120
    wall_seconds: float = 180.0
    file_bytes: int = 4 << 30
    open_files: int = 64
    result_bytes: int = 2 << 30


@dataclass(frozen=True)
class Usage:
    """What a child used: peak resident bytes (shared libraries included), CPU seconds, wall seconds."""

    peak_bytes: int
    cpu_seconds: float
    wall_seconds: float


class LimitExceededError(FormatError):
    """The child was stopped at a limit: `limit` is memory, time, result or crash. Its fault can be shown to a team."""

    def __init__(self, limit: str) -> None:
        self.limit = limit
        super().__init__(LIMIT_FAULTS[limit])


class ChildFailedError(RuntimeError):
    """The function itself failed (a defect of ours, not of the file); carries the child's traceback for the log."""

    def __init__(self, message: str, trace: str) -> None:
        self.trace = trace
        super().__init__(message)


LIMIT_FAULTS = {
    "memory": Fault(
        "too_large", "file", gettext_noop("The file needs more memory than is allowed. Send a smaller or plainer file.")
    ),
    "time": Fault(
        "too_large", "file", gettext_noop("The file takes too long to read. Send a smaller or plainer file.")
    ),
    "result": Fault("too_large", "file", gettext_noop("The file holds more data than is allowed. Send less.")),
    "crash": Fault(
        "unreadable_file", "file", gettext_noop("The file cannot be decoded; it is damaged. Write it again and resend.")
    ),
}


def run_limited(
    function: str,
    *args: Any,
    limits: Limits | None = None,
    read: Sequence[str | Path] = (),
    write: Sequence[str | Path] = (),
    waiting: Callable[[], None] | None = None,
    **kwargs: Any,
) -> Any:
    """Call `"package.module:function"` in a fresh confined child and return its result.

    Arguments and result are JSON values, bytes and numpy arrays (tuples come back as lists); nothing is unpickled.
    The child opens only `read` (files or folders) and `write` (folders). `waiting` is called about once a second, for
    heartbeats. Raises `FormatError` (the child's own, or `LimitExceededError`) and `ChildFailedError`.
    """
    result, _ = run_measured(function, *args, limits=limits, read=read, write=write, waiting=waiting, **kwargs)
    return result


def run_measured(
    function: str,
    *args: Any,
    limits: Limits | None = None,
    read: Sequence[str | Path] = (),
    write: Sequence[str | Path] = (),
    waiting: Callable[[], None] | None = None,
    **kwargs: Any,
) -> tuple[Any, Usage]:
    """As `run_limited`, and what the child used."""
    limits = limits or Limits()
    started = time.monotonic()
    data, life = _server().fork()
    request = {
        "function": function,
        "args": list(args),
        "kwargs": kwargs,
        "limits": vars(limits),
        "read": [os.path.realpath(p) for p in read],
        "write": [os.path.realpath(p) for p in write],
    }
    answer: Any = None
    limit = ""
    try:
        wire.send(data, request)
        answer = wire.receive(data, limits.result_bytes, started + limits.wall_seconds, waiting)
    except TimeoutError:
        limit = "time"
    except wire.WireError as error:
        limit = "result" if "limit" in str(error) else "crash"
    except OSError:
        limit = "crash"
    finally:
        data.close()
        status, peak, cpu = _end(life, kill=answer is None)
    usage = Usage(peak, cpu, time.monotonic() - started)
    _spent.seconds = spent() + cpu
    if answer is None:
        if limit == "crash" and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
            limit = "time"
        raise LimitExceededError(limit)
    return _unwrap(answer), usage


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
        raise LimitExceededError("memory")
    if "error" in answer:
        raise ChildFailedError(str(answer["error"])[:2000], str(answer.get("traceback", ""))[:8000])
    if "result" not in answer:
        raise LimitExceededError("crash")
    return answer["result"]


def _end(life: socket.socket, kill: bool) -> tuple[int, int, float]:
    """Wait until the server has reaped the child, killing it first if asked; (wait status, peak bytes, CPU seconds)."""
    report = b""
    with life:
        life.settimeout(10)
        with contextlib.suppress(OSError):
            if kill:
                life.shutdown(socket.SHUT_WR)
            while len(report) < LIFE.size and (part := life.recv(LIFE.size - len(report))):
                report += part
    return LIFE.unpack(report) if len(report) == LIFE.size else (9, 0, 0.0)


class _Server:
    """The fork server of this process: a fresh interpreter that inherits no memory, no environment and no open file."""

    def __init__(self, preload: Sequence[str]) -> None:
        self.owner = os.getpid()
        self.lock = threading.Lock()
        self.control, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own script, no shell
                [sys.executable, "-I", str(ROOT / "formats/forkserver.py"), str(theirs.fileno()), str(ROOT), *preload],
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
_extra: tuple[str, ...] = ()
_spent = threading.local()


def preload(*modules: str) -> None:
    """Name modules the children will need besides the readers' own; call it before the first `run_limited`."""
    global _extra
    _extra = tuple(dict.fromkeys([*_extra, *modules]))


def only_readers() -> None:
    """Forget what `preload` named: a command that checks one file needs the readers alone, and nobody's later."""
    global _extra
    _extra = ()


def warm() -> None:
    """Start the fork server now, so that the first file does not wait for its imports."""
    _server()


def confinement() -> list[str]:
    """The layers that hold in a child on this machine, by name (`landlock`, `seccomp`, `limits`, …)."""
    return [str(layer) for layer in run_limited("formats.confine:layers")]


def _environment() -> dict[str, str]:
    """No variable of ours but the few that an interpreter needs: credentials never reach a child.

    Large pages where the kernel has them: a child begins with no memory, and took each 4 KB of a model's in a fault of its own.
    """
    kept = {k: os.environ[k] for k in ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT") if k in os.environ}
    fixed = {"LANG": "C.UTF-8", "HOME": "/nonexistent", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
    return kept | fixed | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def _server() -> _Server:
    global _current
    with _starting:
        if _current is None or not _current.alive():
            if _current is not None:
                _current.close()
            _current = _Server((*PRELOAD, *_extra))
        return _current


def stop() -> None:
    """End the fork server and every child with it."""
    global _current
    with _starting:
        if _current is not None:
            _current.close()
            _current = None


atexit.register(stop)

"""How a disposable child ended, and whose fault that is: the file's, whose sender reads it, or the platform's, which retries."""

import contextlib
import os
import signal
import socket
from dataclasses import dataclass

from concours.formats.fault import Fault, FormatError, gettext_noop
from concours.formats.forkserver import LIFE

STARVED_TIMES = 5  # a child may get a fifth of a core before it is given up
LINGER_SECONDS = 5.0  # between a child's last word and its end
CRASHES = frozenset(
    {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGSYS, signal.SIGTRAP}
)


@dataclass(frozen=True)
class ChildLimits:
    """What one child may use. `memory_bytes` is beyond what the pre-imported libraries already map.

    CPU seconds are the file's limit. Wall seconds only end a child that a busy machine starves or that hangs; without a number
    they are many times the CPU seconds.
    """

    memory_bytes: int = 1 << 30
    cpu_seconds: int = 120
    wall_seconds: float | None = None
    file_bytes: int = 4 << 30
    open_files: int = 64
    result_bytes: int = 2 << 30

    @property
    def patience(self) -> float:
        """Wall seconds after which the child is given up."""
        return STARVED_TIMES * self.cpu_seconds + 600.0 if self.wall_seconds is None else self.wall_seconds


class LimitExceededError(FormatError):
    """The file made the child reach a limit (memory, time, result), or crash twice. Its sender reads the fault."""

    def __init__(self, limit: str) -> None:
        self.limit = limit
        super().__init__(LIMIT_FAULTS[limit])


class ChildFailedError(RuntimeError):
    """The platform failed, not the file: a defect of the function, whose traceback it carries for the log, or a lost child."""

    def __init__(self, message: str, trace: str = "") -> None:
        self.trace = trace
        super().__init__(message)


class ChildLostError(ChildFailedError):
    """The child was killed from outside, starved by a busy machine, or its fork server is gone. Another try may succeed."""


class ChildDiskFullError(ChildLostError):
    """The disk on which the child writes is full or broken."""


class ChildCrashedError(ChildFailedError):
    """A child crashed on a file that the platform wrote itself (`untrusted=False`)."""


LIMIT_FAULTS = {
    "memory": Fault(
        "too_large", "file", gettext_noop("The file needs more memory than allowed. Send a smaller or simpler file.")
    ),
    "time": Fault(
        "too_large", "file", gettext_noop("The file takes too long to read. Send a smaller or simpler file.")
    ),
    "result": Fault("too_large", "file", gettext_noop("The file contains more data than allowed. Send less.")),
    "crash": Fault(
        "unreadable_file",
        "file",
        gettext_noop("The file is damaged and cannot be decoded. Export it again and resend it."),
    ),
}


@dataclass(frozen=True)
class ChildEnd:
    """What the fork server says of a child that ended; no wait status where the server is gone."""

    status: int | None
    peak_bytes: int = 0
    cpu_seconds: float = 0.0


def await_end(life: socket.socket, *, kill: bool, answered: bool) -> ChildEnd:
    """Waits until the server has reaped the child. One that neither answers nor ends is killed after a moment."""
    report = b""
    with life:
        for seconds in (0.0 if kill else 10.0 if answered else LINGER_SECONDS, 30.0):
            try:
                if not seconds:
                    life.shutdown(socket.SHUT_WR)  # the server kills the child
                    continue
                life.settimeout(seconds)
                while len(report) < LIFE.size and (part := life.recv(LIFE.size - len(report))):
                    report += part
                break
            except TimeoutError:
                with contextlib.suppress(OSError):
                    life.shutdown(socket.SHUT_WR)
            except OSError:
                break
    return ChildEnd(*LIFE.unpack(report)) if len(report) == LIFE.size else ChildEnd(None)


def failure_of(ending: str, end: ChildEnd, limits: ChildLimits) -> Exception:
    """Whose fault a child without an answer is."""
    if ending == "result":
        return LimitExceededError("result")
    if ending == "malformed":  # only a child that its file has taken over answers so
        return LimitExceededError("crash")
    if ending:
        return ChildLostError(f"{ending} ({end.cpu_seconds:.1f} seconds of CPU used)")
    if end.status is None:
        return ChildLostError("the fork server of the children ended")
    number = os.WTERMSIG(end.status) if os.WIFSIGNALED(end.status) else 0
    # The kernel's kill follows a second behind SIGXCPU, for a child that goes on.
    if number == signal.SIGXCPU or (number == signal.SIGKILL and end.cpu_seconds >= limits.cpu_seconds):
        return LimitExceededError("time")
    if number and number not in CRASHES:
        return ChildLostError(f"killed from outside by signal {number}; the machine may lack memory")
    return ChildCrashedError(f"crashed by signal {number}" if number else "ended without an answer")

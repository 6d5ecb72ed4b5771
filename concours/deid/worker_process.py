"""A worker process seen from its caretaker: started when first asked, ended when a file hangs it, started again."""

import base64
import contextlib
import hashlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from concours.deid.identity import CentreKey, IdentityKey
from concours.deid.report import REFUSED, FileAnswer, FileReport
from concours.deid.rules import DEFAULT
from concours.deid.subject import Identity

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60.0
TICK = 0.5
"""Seconds between two looks at a worker's CPU time."""
IDLE = 20
"""So many times its limit may a file take by the clock: a worker that waits for nothing is ended too."""
SECONDS_PER_BYTE = 1 / (2 << 20)
"""A file may take a minute and half a second for each megabyte; reading the writing on many frames is slow."""


@dataclass(frozen=True)
class DeidOrder:
    """What is to be done to every file. `key` is a challenge's or one centre's; it and what is known of people never show in
    its repr.
    """

    key: IdentityKey = field(repr=False)
    centre: str | None = field(default=None, repr=False)
    options: tuple[str, ...] = DEFAULT
    keep: tuple[str, ...] = ()
    known_people: tuple[str, ...] = field(default=(), repr=False)
    known_identifiers: tuple[str, ...] = field(default=(), repr=False)
    keep_weekday: bool = False
    pixel_text: bool = True
    seconds: float = SECONDS


class Worker:
    """One worker process, started when first asked and again after each death."""

    def __init__(self, order: DeidOrder, destination: Path, stale_before: float) -> None:
        self._order = order
        self._destination = destination
        self._stale_before = stale_before
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
            self._end()

    def learn(self, path: Path) -> tuple[tuple[str, ...], Identity]:
        """A file's links to others and what its header says; nothing where it cannot be read."""
        if path.is_symlink() or not path.is_file():
            return (), Identity()
        try:
            answer = self._exchange(path, {"path": str(path.absolute()), "learn": True})
        except (BrokenPipeError, EOFError, TimeoutError):
            self._end()
            return (), Identity()
        return tuple(answer["links"]), Identity.from_json(answer)

    def ask(self, path: Path, *, fresh: bool, learnt: tuple[tuple[str, ...], Identity] | None = None) -> FileAnswer:
        """The answer for one file; a refusal where the file is a link, or its worker died or took too long.

        `known`: the file's links and what the headers of its exam say.
        """
        if path.is_symlink() or not path.is_file():
            return _refusal("", "unsafe_file", "Links and devices are not read.")
        task: dict[str, Any] = {"path": str(path.absolute()), "fresh": fresh}
        if learnt is not None:
            task |= {"links": list(learnt[0]), "identity": learnt[1].to_json()}
        try:
            answer = self._exchange(path, task)
        except (BrokenPipeError, EOFError):
            self._end()
            return _refusal(_sha256(path), "unreadable_file", "The file is damaged: reading it ended the process.")
        except TimeoutError:
            self._end()
            return _refusal(_sha256(path), "too_large", "The file takes too long to read.")
        return FileAnswer.from_json(answer)

    def _exchange(self, path: Path, task: dict[str, Any]) -> dict[str, Any]:
        """One task for the worker and its answer."""
        process = self._process or self._start()
        if process.stdin is None:
            raise BrokenPipeError
        process.stdin.write(json.dumps(task).encode("utf-8") + b"\n")
        process.stdin.flush()
        return self._receive(process, self._order.seconds + os.path.getsize(path) * SECONDS_PER_BYTE)

    def _start(self) -> "subprocess.Popen[bytes]":
        order = self._order
        process = subprocess.Popen(
            [sys.executable, "-m", "concours.deid.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR", "HOME") if name in os.environ}
            | _THREADS,
        )
        head = {
            "key": base64.b64encode(_secret(order.key)).decode("ascii"),
            "of_centre": isinstance(order.key, CentreKey),
            "centre": order.centre,
            "options": list(order.options),
            "keep": list(order.keep),
            "known_people": list(order.known_people),
            "known_identifiers": list(order.known_identifiers),
            "keep_weekday": order.keep_weekday,
            "pixel_text": order.pixel_text,
            "destination": str(self._destination.absolute()),
            "stale_before": self._stale_before,
        }
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps(head).encode("utf-8") + b"\n")
                process.stdin.flush()
        self._process = process
        return process

    @staticmethod
    def _receive(process: "subprocess.Popen[bytes]", seconds: float) -> dict[str, Any]:
        """The answer, when it comes within so many seconds of the worker's own work; a busy machine is not the file's fault."""
        if process.stdout is None:
            raise EOFError
        began, cpu_before = time.monotonic(), _cpu_seconds(process.pid)
        while not select.select([process.stdout], [], [], TICK)[0]:
            waited = time.monotonic() - began
            worked = _cpu_seconds(process.pid) - cpu_before
            if worked > seconds or waited > seconds * IDLE:
                raise TimeoutError
        line = process.stdout.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self._remove_part(process.pid)

    def _remove_part(self, pid: int) -> None:
        """What a worker that was ended had half written."""
        for part in _parts(self._destination, pid):
            part.unlink(missing_ok=True)


def _secret(key: IdentityKey) -> bytes:
    return key.secret if isinstance(key, CentreKey) else key


def _cpu_seconds(pid: int) -> float:
    """CPU time that a process has used; wall time where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return time.monotonic()


_THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def _parts(destination: Path, pid: int) -> Iterator[Path]:
    yield from destination.rglob(f".{pid}.part")


def _refusal(sha256: str, reason: str, detail: str) -> FileAnswer:
    return FileAnswer.of(FileReport(sha256, REFUSED, reason, detail))


def _sha256(path: Path) -> str:
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""

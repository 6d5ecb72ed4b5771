"""De-identifies every file below a folder with several worker processes; each file gets an outcome, whatever happens to
its worker.
"""

import base64
import contextlib
import hashlib
import json
import os
import queue
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anonymization.deid.report import REFUSED, REVIEW, WRITTEN, FileReport
from anonymization.deid.rules import DEFAULT

ROOT = Path(__file__).resolve().parents[2]
BATCH = 128
"""Files that one worker takes in a row. Fixed, so that which frame of a series is sampled does not depend on the number of
workers.
"""
CLOCK_SLACK = 0.02
"""Times of files come from a clock that may be a tick behind."""
SECONDS = 60.0
SECONDS_PER_BYTE = 1 / (2 << 20)
"""A file may take a minute and half a second for each megabyte; reading the writing on many frames is slow."""


@dataclass(frozen=True)
class Order:
    """What is to be done to every file. The key and what is known of people never show in its repr."""

    key: bytes = field(repr=False)
    centre: str | None = field(default=None, repr=False)
    options: tuple[str, ...] = DEFAULT
    keep: tuple[str, ...] = ()
    known_people: tuple[str, ...] = field(default=(), repr=False)
    known_identifiers: tuple[str, ...] = field(default=(), repr=False)
    keep_weekday: bool = False
    pixel_text: bool = True
    seconds: float = SECONDS


@dataclass
class Summary:
    """The reports of all files in the order of their paths, and what they add up to."""

    files: list[dict[str, Any]] = field(default_factory=list)
    frames_examined: int = 0
    fast_path: int = 0
    little_endian: int = 0

    def to_json(self) -> dict[str, Any]:
        """The report file of INTERFACES.md, with the number of files by outcome and of little endian files beside it."""
        outcomes = {name: sum(f["outcome"] == name for f in self.files) for name in (WRITTEN, REVIEW, REFUSED)}
        return {
            "files": self.files,
            "frames_examined_for_text": self.frames_examined,
            "fast_path": self.fast_path,
            "little_endian": self.little_endian,
            "outcomes": outcomes,
        }


def files_below(source: Path, destination: Path) -> list[Path]:
    """Every file below `source` (or itself), in the order of paths; what lies in `destination` is left out. Links are
    listed, not followed.
    """
    if not source.is_dir():
        return [source]
    inside = destination.resolve()
    found: list[Path] = []
    for folder, names, files in os.walk(source):
        names[:] = sorted(name for name in names if Path(folder, name).resolve() != inside)
        found.extend(Path(folder, name) for name in files)
        found.extend(Path(folder, name) for name in names if Path(folder, name).is_symlink())
    return sorted(found)


def deidentify_tree(
    source: Path, destination: Path, order: Order, *, jobs: int = 1, progress: Callable[[int, int], None] | None = None
) -> Summary:
    """De-identifies every file below `source` into `destination`. Same key and input, same bytes, whatever `jobs` is.

    `progress` is called with (files done, files in all). Raises OSError where `destination` cannot be written.
    """
    destination.mkdir(parents=True, exist_ok=True)
    paths = files_below(source, destination)
    answers: list[dict[str, Any] | None] = [None] * len(paths)
    batches: queue.SimpleQueue[range] = queue.SimpleQueue()
    for start in range(0, len(paths), BATCH):
        batches.put(range(start, min(start + BATCH, len(paths))))
    done = iter(range(1, len(paths) + 1))
    lock = threading.Lock()
    started = time.time() - CLOCK_SLACK

    def serve() -> None:
        with Worker(order, destination, started) as worker:
            while True:
                try:
                    batch = batches.get_nowait()
                except queue.Empty:
                    return
                for index in batch:
                    answers[index] = worker.ask(paths[index], fresh=index == batch.start)
                    with lock:
                        count = next(done)
                        if progress is not None:
                            progress(count, len(paths))

    threads = [threading.Thread(target=serve) for _ in range(max(1, min(jobs, batches.qsize())))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _settle_seconds(paths, answers, order, destination)
    return _summary(answers)


def _settle_seconds(paths: list[Path], answers: list[dict[str, Any] | None], order: Order, destination: Path) -> None:
    """Where several objects share one UID the first path keeps it: what workers wrote in another order is written again."""
    groups: dict[str, list[int]] = {}
    for index, answer in enumerate(answers):
        if answer and answer["primary"]:
            groups.setdefault(answer["primary"], []).append(index)
    for members in groups.values():
        seconds = [bool((answers[index] or {}).get("second_of_uid")) for index in members]
        if not any(seconds) or not seconds[0]:
            continue
        for index in members:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(destination / (answers[index] or {})["report"]["output"])
        with Worker(order, destination, 0.0) as worker:
            for index in members:
                answers[index] = worker.ask(paths[index], fresh=True)


def _summary(answers: Iterable[dict[str, Any] | None]) -> Summary:
    summary = Summary()
    for answer in answers:
        if answer is None:
            raise RuntimeError("A file was left without an outcome.")
        summary.files.append(answer["report"])
        summary.frames_examined += answer["frames_examined"]
        summary.fast_path += bool(answer["report"]["fast_path"])
        summary.little_endian += bool(answer["little_endian"])
    return summary


class Worker:
    """One worker process, started when first asked and again after each death."""

    def __init__(self, order: Order, destination: Path, stale_before: float) -> None:
        self._order = order
        self._destination = destination
        self._stale_before = stale_before
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
            self._end()

    def ask(self, path: Path, *, fresh: bool) -> dict[str, Any]:
        """The answer for one file; a refusal where the file is a link, or its worker died or took too long."""
        if path.is_symlink() or not path.is_file():
            return _refusal("", "unsafe_file", "Links and devices are not read.")
        process = self._process or self._start()
        line = json.dumps({"path": str(path.absolute()), "fresh": fresh}).encode("utf-8") + b"\n"
        seconds = self._order.seconds + os.path.getsize(path) * SECONDS_PER_BYTE
        try:
            if process.stdin is None:
                raise BrokenPipeError
            process.stdin.write(line)
            process.stdin.flush()
            answer = self._receive(process, seconds)
        except (BrokenPipeError, EOFError):
            self._end()
            return _refusal(_sha256(path), "unreadable_file", "The file is damaged: reading it ended the process.")
        except TimeoutError:
            self._end()
            return _refusal(_sha256(path), "too_large", "The file takes too long to read.")
        return answer

    def _start(self) -> "subprocess.Popen[bytes]":
        order = self._order
        process = subprocess.Popen(
            [sys.executable, "-m", "anonymization.deid.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR", "HOME") if name in os.environ}
            | _THREADS,
        )
        head = {
            "key": base64.b64encode(order.key).decode("ascii"),
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
        if process.stdout is None:
            raise EOFError
        ready, _, _ = select.select([process.stdout], [], [], seconds)
        if not ready:
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


_THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def _parts(destination: Path, pid: int) -> Iterator[Path]:
    yield from destination.rglob(f".{pid}.part")


def _refusal(sha256: str, reason: str, detail: str) -> dict[str, Any]:
    report = FileReport(sha256, REFUSED, reason, detail).to_json()
    return {"report": report, "frames_examined": 0, "little_endian": False, "second_of_uid": False, "primary": ""}


def _sha256(path: Path) -> str:
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""

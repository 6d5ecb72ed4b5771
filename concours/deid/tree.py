"""De-identifies every file below a folder with several worker processes; each file gets an outcome, whatever happens to
its worker.
"""

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from concours.deid.report import REFUSED, REVIEW, WRITTEN, FileAnswer
from concours.deid.subject import Acquaintance, Identity
from concours.deid.worker_process import DeidOrder, Worker

BATCH = 128
"""Files that one worker takes in a row. Fixed, so that which frame of a series is sampled does not depend on the number of
workers.
"""
CLOCK_SLACK = 0.02
"""Times of files come from a clock that may be a tick behind."""


@dataclass
class Summary:
    """The reports of all files in the order of their paths, and what they add up to."""

    files: list[Mapping[str, Any]] = field(default_factory=list)
    frames_examined: int = 0
    fast_path: int = 0
    little_endian: int = 0

    def to_json(self) -> dict[str, Any]:
        """The report file of INTERFACES.md, with the number of files by outcome and of little endian files beside it."""
        outcomes = {name: sum(f["outcome"] == name for f in self.files) for name in (WRITTEN, REVIEW, REFUSED)}
        return {
            "files": [dict(entry) for entry in self.files],
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
    paths: list[Path] = []
    for folder, names, files in os.walk(source):
        names[:] = sorted(name for name in names if Path(folder, name).resolve() != inside)
        paths.extend(Path(folder, name) for name in files)
        paths.extend(Path(folder, name) for name in names if Path(folder, name).is_symlink())
    return sorted(paths)


def deidentify_tree(
    source: Path,
    destination: Path,
    order: DeidOrder,
    *,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """De-identifies every file below `source` into `destination`. Same key and input, same bytes, whatever `jobs` is.

    `progress` is called with (files done, files in all). Raises OSError where `destination` cannot be written.
    """
    destination.mkdir(parents=True, exist_ok=True)
    paths = files_below(source, destination)
    answers: list[FileAnswer | None] = [None] * len(paths)
    done = iter(range(1, len(paths) + 1))
    lock = threading.Lock()
    started = time.time() - CLOCK_SLACK
    learnt = _Learnt(paths)

    def learn(worker: Worker, index: int, _fresh: bool) -> None:
        links, identity = worker.learn(paths[index])
        with lock:
            learnt.add(index, links, identity)

    def clean(worker: Worker, index: int, fresh: bool) -> None:
        answers[index] = worker.ask(paths[index], fresh=fresh, learnt=learnt.of(index))
        with lock:
            count = next(done)
            if progress is not None:
                progress(count, len(paths))

    workers = [Worker(order, destination, started) for _ in range(max(1, min(jobs, -(-len(paths) // BATCH))))]
    with contextlib.ExitStack() as stack:
        for worker in workers:
            stack.enter_context(worker)
        for step in (learn, clean):
            _in_batches(len(paths), workers, step)
    _settle_seconds(paths, answers, order, destination, learnt)
    return _summary(answers)


def _in_batches(count: int, workers: list["Worker"], step: Callable[["Worker", int, bool], None]) -> None:
    """One step for each file, in batches that the workers take in turn; the step is told where a batch begins."""
    batches: queue.SimpleQueue[range] = queue.SimpleQueue()
    for start in range(0, count, BATCH):
        batches.put(range(start, min(start + BATCH, count)))

    def serve(worker: "Worker") -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                batch = batches.get_nowait()
                for index in batch:
                    step(worker, index, index == batch.start)

    threads = [threading.Thread(target=serve, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class _Learnt:
    """What the headers of all files say, and what a file needs of it beyond its own. Its repr shows nothing."""

    def __init__(self, paths: list[Path]) -> None:
        self._acquaintance = Acquaintance()
        self._own: list[tuple[tuple[str, ...], Identity]] = [((), Identity())] * len(paths)

    def __repr__(self) -> str:
        return "_Learnt(…)"

    def add(self, index: int, links: tuple[str, ...], identity: Identity) -> None:
        """The header of one file."""
        self._own[index] = links, identity
        self._acquaintance.add(links, identity)

    def of(self, index: int) -> tuple[tuple[str, ...], Identity] | None:
        """A file's links and what its exam says, where the file's own header does not say all of it."""
        links, own = self._own[index]
        together = self._acquaintance.of(links)
        return None if together == own else (links, together)


def _settle_seconds(
    paths: list[Path], answers: list[FileAnswer | None], order: DeidOrder, destination: Path, learnt: _Learnt
) -> None:
    """Where several objects share one UID the first path keeps it: what workers wrote in another order is written again."""
    groups: dict[str, list[int]] = {}
    for index, answer in enumerate(answers):
        if answer and answer.primary:
            groups.setdefault(answer.primary, []).append(index)
    for members in groups.values():
        written = [answer for index in members if (answer := answers[index]) is not None]
        if not written[0].second_of_uid:
            continue
        for answer in written:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(destination / answer.entry["output"])
        with Worker(order, destination, 0.0) as worker:
            for index in members:
                answers[index] = worker.ask(paths[index], fresh=True, learnt=learnt.of(index))


def _summary(answers: Iterable[FileAnswer | None]) -> Summary:
    summary = Summary()
    for answer in answers:
        if answer is None:
            raise RuntimeError("A file was left without an outcome.")
        summary.files.append(answer.entry)
        summary.frames_examined += answer.frames_examined
        summary.fast_path += bool(answer.entry["fast_path"])
        summary.little_endian += bool(answer.little_endian)
    return summary

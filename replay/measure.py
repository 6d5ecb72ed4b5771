"""What a stage of a replay costs: wall time, CPU and memory of the site's processes, waiting work, size of the database."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
EVERY_SECONDS = 5.0


@dataclass
class StageFigures:
    """`cpu`: seconds of all processes of the site. `memory`: their largest proportional set, in bytes. `queue`: most rows."""

    wall: float = 0.0
    cpu: float = 0.0
    memory: int = 0
    queue: int = 0
    database: int = 0
    rows: int = 0


def site_processes(sessions: set[int]) -> Iterator[Path]:
    """The folders in /proc of every process whose session one of the site's processes leads."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it ended meanwhile
            if int(fields[3]) in sessions:
                yield folder


def cpu_seconds(sessions: set[int]) -> float:
    """CPU of the processes that live, and of the children that they have waited for."""
    total = 0
    for folder in site_processes(sessions):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(ticks) for ticks in fields[11:15])
    return total / TICKS


def memory_bytes(sessions: set[int]) -> int:
    """The proportional set size of all processes: shared pages count once."""
    total = 0
    for folder in site_processes(sessions):
        try:
            lines = (folder / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


class Meter:
    """Measures stage after stage; `waiting` asks the site for the number of rows in its queue, `database` for its size."""

    def __init__(
        self, sessions: Callable[[], set[int]], waiting: Callable[[], int], database: Callable[[], int]
    ) -> None:
        self.sessions, self.waiting, self.database = sessions, waiting, database
        self.stages: dict[str, StageFigures] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[StageFigures]:
        times = sum(name_before == name or name_before.startswith(f"{name} (") for name_before in self.stages)
        figures = self.stages[f"{name} ({times + 1})" if times else name] = StageFigures()
        over = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(figures, over), daemon=True)
        began, cpu = time.monotonic(), cpu_seconds(self.sessions())
        watcher.start()
        try:
            yield figures
        finally:
            over.set()
            watcher.join()
            figures.wall = round(time.monotonic() - began, 2)
            figures.cpu = round(cpu_seconds(self.sessions()) - cpu, 2)
            figures.database = self.database()

    def _watch(self, figures: StageFigures, over: threading.Event) -> None:
        while True:
            figures.memory = max(figures.memory, memory_bytes(self.sessions()))
            figures.queue = max(figures.queue, self.waiting())
            if over.wait(EVERY_SECONDS):
                return

"""One line a step on the terminal: what is going on, how far it is, how long it took."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

WIDTH = 28


class ProgressLine:
    """A bar that is drawn again where the terminal allows, and a plain line where it does not."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.live = sys.stdout.isatty()

    @contextmanager
    def step(self, title: str, total: int) -> Iterator[_Bar]:
        bar = _Bar(title, total, self.live)
        bar.draw()
        try:
            yield bar
        finally:
            bar.end()


class _Bar:
    def __init__(self, title: str, total: int, live: bool) -> None:
        self.title, self.total, self.live, self.done, self.began = title, max(total, 1), live, 0, time.monotonic()

    def advance(self, count: int = 1) -> None:
        self.done += count
        self.draw()

    def draw(self) -> None:
        if self.live:
            sys.stdout.write(f"\r{self._text()}\033[K")
            sys.stdout.flush()

    def end(self) -> None:
        print(f"\r{self._text()}  {time.monotonic() - self.began:5.1f} s" + ("\033[K" if self.live else ""))
        sys.stdout.flush()

    def _text(self) -> str:
        full = round(WIDTH * min(1.0, self.done / self.total))
        return f"{self.title:<46} [{'#' * full}{'.' * (WIDTH - full)}] {self.done}/{self.total}"

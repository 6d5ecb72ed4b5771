"""A site whose clock is moved: the replay of a past edition, or the rehearsal of a coming one (docs/decisions/0019-the-clock.md).

The file named by CONCOURS_CLOCK holds one number: the seconds that the site is ahead of real time, negative when it is behind.
Whoever replaces the file moves every process of the site at once.
"""

from __future__ import annotations

import math
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone


class MovedClock:
    """Reads the offset again whenever the file has been replaced."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: tuple[tuple[int, int], timedelta] | None = None
        self.offset()

    def offset(self) -> timedelta:
        """How far the site is ahead of real time. Raises ImproperlyConfigured where the file holds no number."""
        try:
            status = os.stat(self.path)
            version = (status.st_ino, status.st_mtime_ns)
            if self._read is None or self._read[0] != version:
                self._read = version, timedelta(seconds=_seconds(self.path.read_text(encoding="ascii")))
        except (OSError, ValueError, OverflowError) as error:
            raise ImproperlyConfigured(
                f"CONCOURS_CLOCK names {self.path}, which holds no number of seconds."
            ) from error
        return self._read[1]

    def now(self) -> datetime:
        return datetime.now(tz=UTC) + self.offset()


def _seconds(text: str) -> float:
    seconds = float(text)
    if not math.isfinite(seconds):
        raise ValueError(text)
    return seconds


def move_clock(path: Path) -> MovedClock:
    """Moves `timezone.now` of this process, before any model keeps a reference to it as a default."""
    clock = MovedClock(path)
    timezone.now = clock.now
    return clock

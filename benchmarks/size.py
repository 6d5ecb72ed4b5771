"""How large a benchmark runs: as published, or tiny, to see that it runs at all (`CONCOURS_BENCH_TINY=1`)."""

import os
from typing import TypeVar

T = TypeVar("T")

TINY = os.environ.get("CONCOURS_BENCH_TINY", "") == "1"


def sized(published: T, *, tiny: T) -> T:
    """The published size, or the tiny one."""
    return tiny if TINY else published

"""How large a benchmark runs: as published, or tiny, to see that it runs at all (`CONCOURS_BENCH_TINY=1`)."""

import os

TINY = os.environ.get("CONCOURS_BENCH_TINY", "") == "1"


def sized(published: int, *, tiny: int) -> int:
    """The published size, or the tiny one."""
    return tiny if TINY else published

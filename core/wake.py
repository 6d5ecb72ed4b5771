"""Wakes workers of a production site. A message says only that something is due, so losing one is a delay, never a loss.

Messages are bounded: each expires after a few seconds, a worker that gets one does all work that is due, and the sweep sends
a fixed number per round however many rows wait.
"""

from __future__ import annotations

import logging

from django.conf import settings
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)


def wake_workers(count: int = 1, *, reads_truth: bool = False) -> int:
    """Sends at most `count` messages to workers that may read truth, or to the others; the number sent.

    0 on a site without a broker, whose workers look for themselves.
    """
    if not settings.CELERY_BROKER_URL:
        return 0
    try:
        for _ in range(count):
            import_string("core.tasks.send_wake_up")(reads_truth)
    except OSError:
        logger.warning("the broker cannot be reached; the next sweep wakes the workers")
        return 0
    return count

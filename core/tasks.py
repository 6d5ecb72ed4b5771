"""Celery's side of the queue: one task without content. What a woken worker does is decided by the rows (`core.work`)."""

import logging
import time

from celery import shared_task
from django.conf import settings
from django.db import close_old_connections
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from core.claims import claim_next
from core.failures import describe
from core.outages import is_outage
from core.performing import carry_out

logger = logging.getLogger(__name__)

EXPIRES_SECONDS = 15  # the sweep sends new messages every two seconds: an older one says nothing more
QUEUES = {True: "truth", False: "concours"}  # the broker's, by whether stages read truth
SLICE_SECONDS = 20  # well below the broker's visibility timeout, and a worker that is asked to stop is soon free


@shared_task(name="do_due_work", acks_late=False, ignore_result=True, max_retries=0)
def do_due_work() -> None:
    """Does what is due, in the queue's order, until nothing is or the time slice is over."""
    began = time.monotonic()
    try:
        while time.monotonic() - began < SLICE_SECONDS:
            claim = claim_next()
            if claim is None:
                return
            carry_out(claim)
            close_old_connections()
        send_wake_up(settings.WORK_STAGES == "truth")
    except Exception as error:
        if not is_outage(error):
            raise
        logger.warning("the queue cannot be read (%s); the next sweep wakes the workers", describe(error))


def send_wake_up(reads_truth: bool) -> None:
    """One message to the workers that may read truth, or to the others.

    Tried once: a broker that is away must not keep a person waiting whose change is already stored.
    Raises ConnectionError.
    """
    try:
        do_due_work.apply_async(retry=False, expires=EXPIRES_SECONDS, queue=QUEUES[reads_truth])
    except (OperationalError, RedisError) as error:  # Redis refuses what it cannot write to its disk
        raise ConnectionError("the broker cannot be reached") from error

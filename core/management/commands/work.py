"""The embedded worker: looks for due work, does it, and sweeps. Run as many as the machine has cores."""

from __future__ import annotations

import logging
import signal
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections

from core.claims import claim_next
from core.failures import describe
from core.outages import is_outage
from core.performing import carry_out
from core.sweep import sweep_in_turn

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Does the platform's work from the rows of the queue."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--stages", default="", help="only these stages, separated by commas")
        parser.add_argument("--until-idle", action="store_true", help="end when nothing is due")
        parser.add_argument("--pause", type=float, default=0.25, help="seconds between two looks at an empty queue")
        parser.add_argument("--sweep-every", type=float, default=2.0, help="seconds between two sweeps")

    def handle(self, **options: Any) -> None:
        self.stopping = False
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self.stop)
        only = tuple(filter(None, options["stages"].split(",")))
        swept = 0.0
        while not self.stopping:
            try:
                if time.monotonic() - swept >= options["sweep_every"]:
                    sweep_in_turn(0 if options["until_idle"] else options["sweep_every"])
                    swept = time.monotonic()
                claim = claim_next(only)
                if claim is not None:
                    carry_out(claim)
                elif options["until_idle"]:
                    return
                else:
                    time.sleep(options["pause"])
            except Exception as error:
                if not is_outage(error):
                    raise
                logger.warning("the queue cannot be read (%s); looking again in a second", describe(error))
                time.sleep(1)
            close_old_connections()

    def stop(self, *args: object) -> None:
        """Finishes the work at hand, then ends."""
        self.stopping = True

"""The sweeper of a production site: wakes workers for what is due, round after round. Two may run."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections

from core.failures import describe
from core.outages import is_outage
from core.sweep import sweep


class Command(BaseCommand):
    help = "Re-offers work whose lease has run out, starts what is due, chains the audit trail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=float, default=2.0, help="seconds between two rounds")
        parser.add_argument("--once", action="store_true")

    def handle(self, **options: Any) -> None:
        over = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: over.set())
        while not over.is_set():
            try:
                sweep()
            except Exception as error:
                if options["once"] and not is_outage(error):
                    raise
                self.stderr.write(f"this round ended with {describe(error)}")
            close_old_connections()
            if options["once"]:
                return
            over.wait(options["every"])

"""The sweeper of a production site: wakes workers for what is due, round after round. Two may run."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, close_old_connections

from core.work import sweep


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
            except OperationalError:
                self.stderr.write("the database does not answer; next round")
            close_old_connections()
            if options["once"]:
                return
            over.wait(options["every"])

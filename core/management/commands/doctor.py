"""`manage.py doctor`: examines the site and says in sentences what is wrong and what to do."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core.operation.doctor import CHECKS, examine, is_well
from core.operation.findings import Health

SIGNS = {Health.OK: "ok     ", Health.WARNING: "WARNING", Health.PROBLEM: "PROBLEM"}


class Command(BaseCommand):
    help = "Examines environment, services, folders, queue, sandbox and names of the site. Exit 1 for a problem."
    requires_system_checks = []  # they are among what it examines
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="findings as JSON: check, health, sentence, advice")
        parser.add_argument("--only", default="", help=f"some of: {', '.join(CHECKS)}; separated by commas")

    def handle(self, **options: Any) -> None:
        only = [name for name in options["only"].split(",") if name]
        if unknown := sorted(set(only) - set(CHECKS)):
            self.stderr.write(f"There is no check {', '.join(unknown)}. The checks are: {', '.join(CHECKS)}.")
            sys.exit(2)
        findings = examine(only)
        if options["json"]:
            document = {"well": is_well(findings), "findings": [asdict(finding) for finding in findings]}
            self.stdout.write(json.dumps(document, indent=1))
        else:
            for finding in findings:
                self.stdout.write(f"{SIGNS[finding.health]} {finding.check}: {finding.sentence}")
                if finding.advice:
                    self.stdout.write(f"        {finding.advice}")
        if not is_well(findings):
            sys.exit(1)

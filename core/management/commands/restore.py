"""`manage.py restore DIR`: a backup becomes this site, which must be empty."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from core.management.commands.backup import wrong_keys
from core.operation.backup_files import BackupFolder
from core.operation.restore import RestoreRefusedError, restore

MOST_TOLD = 50


class Command(BaseCommand):
    help = "Restores a backup into an empty site. Nothing is changed where something is in the way; all reasons are listed."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="DIR")
        parser.add_argument("--keys", metavar="DIR", help="the folder of the pseudonym keys")

    def handle(self, **options: Any) -> None:
        reasons = wrong_keys(bool(options["keys"]))
        if not reasons:
            keys = BackupFolder(Path(options["keys"]), settings.BACKUP_PSEUDONYM_KEY) if options["keys"] else None
            try:
                manifest = restore(BackupFolder(Path(options["folder"]), settings.BACKUP_KEY), keys)
            except RestoreRefusedError as error:
                reasons = error.reasons
        if reasons:
            more = [f"- and {len(reasons) - MOST_TOLD} more"] if len(reasons) > MOST_TOLD else []
            shown = [f"- {reason}" for reason in reasons[:MOST_TOLD]]
            self.stderr.write("\n".join(["Nothing was restored:", *shown, *more]))
            sys.exit(1)
        self.stdout.write(
            f"The site is as it was at {manifest.made_at}: {len(manifest.tables)} tables, {len(manifest.objects)} objects,"
            f" {len(manifest.files)} files."
        )
        self.stdout.write("Run `manage.py verify_audit` and `manage.py doctor`, then compare boards and hashes.")
        if not options["keys"]:
            self.stdout.write("The pseudonym keys are missing: new exams of known patients would get other pseudonyms.")

"""`manage.py backup DIR`: an encrypted, incremental backup of database and stores; the pseudonym keys go elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from core.operation.backup import back_up, back_up_keys
from core.operation.backup_files import BackupFolder


class Command(BaseCommand):
    help = "Backs up database, stores and staging files into DIR while the site works; again into the same DIR: only what is new."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="DIR")
        parser.add_argument("--keys", metavar="DIR", help="the folder for the pseudonym keys, for other people's eyes")

    def handle(self, **options: Any) -> None:
        folder = Path(options["folder"]).resolve()
        keys = Path(options["keys"]).resolve() if options["keys"] else None
        if faults := wrong_keys(keys is not None) + _wrong_folders(folder, keys):
            self.stderr.write("\n".join(["Nothing was backed up:", *(f"- {fault}" for fault in faults)]))
            sys.exit(2)
        report = back_up(BackupFolder(folder, settings.BACKUP_KEY))
        self.stdout.write(
            f"{report.tables} tables, {report.copied} objects copied, {report.unchanged} were there already,"
            f" {report.removed} files removed that the site no longer has."
        )
        if keys:
            count = back_up_keys(BackupFolder(keys, settings.BACKUP_PSEUDONYM_KEY))
            self.stdout.write(f"{count} pseudonym keys, apart.")
        else:
            self.stdout.write("The pseudonym keys are not in this backup: give --keys DIR, on another medium.")
        if report.damaged:
            self.stderr.write("These objects do not have the content that their name says:")
            self.stderr.write("\n".join(report.damaged))
            sys.exit(1)


def wrong_keys(with_pseudonyms: bool) -> list[str]:
    faults = []
    if not settings.BACKUP_KEY:
        faults.append("CONCOURS_BACKUP_KEY is not set. Make one with `openssl rand -base64 32` and keep it elsewhere.")
    if with_pseudonyms and not settings.BACKUP_PSEUDONYM_KEY:
        faults.append("CONCOURS_BACKUP_PSEUDONYM_KEY is not set. It must be another key, which other people keep.")
    if with_pseudonyms and settings.BACKUP_KEY and settings.BACKUP_KEY == settings.BACKUP_PSEUDONYM_KEY:
        faults.append("CONCOURS_BACKUP_PSEUDONYM_KEY equals CONCOURS_BACKUP_KEY. Make another one.")
    return faults


def _wrong_folders(folder: Path, keys: Path | None) -> list[str]:
    faults = []
    if keys and (keys == folder or folder in keys.parents or keys in folder.parents):
        faults.append("The two folders must not lie in each other: whoever has both can link pseudonyms to patients.")
    for name in ("FILES_DIR", "STAGING_DIR", "KEYS_DIR", "TEMPORARY_DIR"):
        place = Path(getattr(settings, name))
        if any(
            folder_given and (folder_given == place or place in folder_given.parents) for folder_given in (folder, keys)
        ):
            faults.append(f"The folder must not lie in {place}.")
    return faults

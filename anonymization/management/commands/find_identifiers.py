"""`manage.py find_identifiers DIR [--known FILE] [--json]`: the second, independent look for identifiers; values are never
shown.
"""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from anonymization.second_check import find_identifiers
from anonymization.second_check.search import files_below


class Command(BaseCommand):
    """Exit 0 when nothing was found, 1 when anything was, 2 when the call is wrong."""

    help = "Search de-identified files for anything identifying that is left in them. Shows where, never what."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dir", type=Path, help="a folder or a file")
        parser.add_argument("--known", type=Path, help="a text file, UTF-8, with one known identifier a line")
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        parser.add_argument("--no-pixels", action="store_true", help="do not read frames optically")

    def handle(self, *args: Any, **options: Any) -> None:
        target: Path = options["dir"]
        if not target.exists():
            raise CommandError("The folder to search does not exist.", returncode=2)
        known = _read_known(options["known"]) if options["known"] else []
        root = target if target.is_dir() else target.parent
        findings = find_identifiers([target], known, read_pixels=not options["no_pixels"], root=root)
        files = sum(1 for _ in files_below([target]))
        if options["json"]:
            document = {"findings": [finding.as_dict() for finding in findings], "files": files}
            self.stdout.write(json.dumps(document, ensure_ascii=False))
        else:
            for finding in findings:
                self.stdout.write(f"{finding.file}: {finding.where}: {finding.kind}")
            self.stdout.write(f"{len(findings)} findings in {files} files")
        if findings:
            raise SystemExit(1)


def _read_known(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise CommandError("The file of known identifiers cannot be read as UTF-8 text.", returncode=2) from None

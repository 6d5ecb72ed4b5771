"""`manage.py check_upload PATH --kind K`: what validation does before any scoring, on one file alone."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from formats import child
from formats.check import KINDS, check_upload
from formats.manifest import Manifest, ManifestError


class Command(BaseCommand):
    """Prints one JSON line: verdict, code, message. Exit 0 whatever the verdict."""

    help = "Check one uploaded file and print the verdict as one line of JSON. Nothing is scored, no truth is opened."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file, its kind, the public manifest, and the only folder that may be written to."""
        parser.add_argument("path", metavar="PATH", type=Path)
        parser.add_argument("--kind", required=True, choices=KINDS)
        parser.add_argument("--manifest", metavar="M.json", type=Path)
        parser.add_argument("--work", metavar="DIR", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the check in its confined child."""
        path: Path = options["path"]
        if not path.is_file():
            raise CommandError(f"'{path}' is not a file. Name the file to check.")
        if options["work"] is not None:
            options["work"].mkdir(parents=True, exist_ok=True)
        child.only_readers()
        verdict = check_upload(path, options["kind"], _manifest(options["manifest"]), options["work"])
        self.stdout.write(json.dumps(verdict.to_json()))


def _manifest(path: Path | None) -> Manifest | None:
    if path is None:
        return None
    try:
        return Manifest.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ManifestError) as error:
        raise CommandError(f"The manifest '{path}' cannot be used: {error}") from error

"""manage.py import_inception FILE: check the published Inception weights and convert them once."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from concours.evaluation.embedding.convert_inception import InceptionImportError, import_inception


class Command(BaseCommand):
    """Puts the converted network where the scorer finds it."""

    help = (
        "Check the SHA-256 of the published Inception file and convert it for the scorer (needs the extra 'inception')."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """FILE, and where to put the network."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--into", type=Path, default=None, help="folder of imported networks")

    def handle(self, *args: Any, **options: Any) -> None:
        """Convert, or stop with the reason."""
        folder = options["into"] or Path(settings.DATA) / "embeddings"
        try:
            network = import_inception(options["file"], folder)
        except (InceptionImportError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{network.name} {network.sha256} {network.path}")

"""`manage.py` names of the library's commands: the same arguments, output and exit codes as `concours`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError

from concours.commands.error import CommandError as LibraryError
from concours.commands.main import description, find


def alias(name: str) -> type[BaseCommand]:
    """The Django command that runs the library's `name`."""
    command = find(name)

    class Command(BaseCommand):
        help = description(command)
        requires_system_checks: list[str] = []

        def add_arguments(self, parser: ArgumentParser) -> None:
            command.add_arguments(parser)

        def handle(self, *args: Any, **options: Any) -> None:
            try:
                code = command.run(Namespace(**options), cast(TextIO, self.stdout), cast(TextIO, self.stderr))
            except LibraryError as error:
                raise CommandError(str(error), returncode=error.exit_code) from error
            if code:
                raise SystemExit(code)

    return Command

"""`manage.py load_question FILE`: a question file, a Codabench bundle or an EvalAI configuration becomes a question."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError

from challenges.frame import load_question
from challenges.models import Challenge
from concours.commands import question
from concours.commands.error import CommandError as LibraryError
from concours.questions.schema import SpecError

WRONG_CALL = 2


class Command(BaseCommand):
    """Creates or updates; every error at once with its line, and then nothing is written."""

    help = "Create or update a question of a challenge from a file; --check reads it and writes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file, the challenge it belongs to, or only a check."""
        question.add_arguments(parser)
        parser.add_argument("--challenge", metavar="SLUG", help="needed where there is more than one challenge")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read plainly, then hand over to the frame in one transaction."""
        path: Path = options["file"]
        try:
            if options["check"]:
                question.run(Namespace(**options), cast(TextIO, self.stdout), cast(TextIO, self.stderr))
                return
            imported, _ = question.read(path, cast(TextIO, self.stderr), options["shift_dates"], options["time_zone"])
        except LibraryError as error:
            raise CommandError(str(error), returncode=error.exit_code) from error
        if options["write"] is not None:
            options["write"].write_text(imported.text, encoding="utf-8")
        try:
            loaded = load_question(challenge=_challenge(options["challenge"]), text=imported.text)
        except SpecError as error:
            message = "\n".join(f"{path.name}: {mistake}" for mistake in error.mistakes)
            raise CommandError(message, returncode=question.WRONG_FILE) from error
        self.stdout.write(f"{loaded.slug}: revision {loaded.revision}.")


def _challenge(slug: str | None) -> Challenge:
    """The challenge of that slug, or the only one there is."""
    challenges = list(Challenge.objects.filter(slug=slug) if slug else Challenge.objects.all()[:2])
    if len(challenges) == 1:
        return challenges[0]
    if slug:
        raise CommandError(f"There is no challenge '{slug}'.", returncode=WRONG_CALL)
    words = (
        "There is no challenge yet: create it first." if not challenges else "Say which challenge: --challenge SLUG."
    )
    raise CommandError(words, returncode=WRONG_CALL)

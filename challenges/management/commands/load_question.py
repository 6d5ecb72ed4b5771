"""`manage.py load_question FILE`: a question file, a Codabench bundle or an EvalAI configuration becomes a question."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from challenges.frame import load_question
from challenges.importers import read_question_file
from challenges.known import known
from challenges.models import Challenge
from challenges.spec import SpecError, load_spec

WRONG_FILE, WRONG_CALL = 1, 2


class Command(BaseCommand):
    """Creates or updates; every error at once with its line, and then nothing is written."""

    help = "Create or update a question of a challenge from a file; --check reads it and writes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file, the challenge it belongs to, or only a check."""
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--challenge", metavar="SLUG", help="needed where there is more than one challenge")
        parser.add_argument("--check", action="store_true", help="read the file and write nothing")
        parser.add_argument("--write", type=Path, metavar="YAML", help="write the question file that was read there")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read plainly, then hand over to the frame in one transaction."""
        path: Path = options["file"]
        if not path.exists():
            raise CommandError(f"There is no {path.name}.", returncode=WRONG_CALL)
        try:
            found = read_question_file(path)
            spec = load_spec(found.text, known())
            for note in found.notes:
                self.stderr.write(f"{path.name}: note: {note}")
            if options["write"] is not None:
                options["write"].write_text(found.text, encoding="utf-8")
            if options["check"]:
                self.stdout.write(f"{path.name} is a sound question: {spec.slug} ({spec.kind}, {found.source}).")
                return
            question = load_question(challenge=_challenge(options["challenge"]), text=found.text)
        except SpecError as error:
            words = "\n".join(f"{path.name}: {mistake}" for mistake in error.mistakes)
            raise CommandError(words, returncode=WRONG_FILE) from error
        self.stdout.write(f"{question.slug}: revision {question.revision}.")


def _challenge(slug: str | None) -> Challenge:
    """The challenge of that slug, or the only one there is."""
    found = list(Challenge.objects.filter(slug=slug) if slug else Challenge.objects.all()[:2])
    if len(found) == 1:
        return found[0]
    if slug:
        raise CommandError(f"There is no challenge '{slug}'.", returncode=WRONG_CALL)
    words = "There is no challenge yet: create it first." if not found else "Say which challenge: --challenge SLUG."
    raise CommandError(words, returncode=WRONG_CALL)

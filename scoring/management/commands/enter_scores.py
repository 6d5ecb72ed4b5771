"""Enters a table of scores that were computed elsewhere, for an organiser who works on the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from challenges.models import Phase
from core.errors import InvalidInputError, StepError
from core.models import User
from core.words import say
from scoring.entered import enter_scores


class Command(BaseCommand):
    help = "Enters external scores: a CSV or XLSX with a column team (or submission) and one column for each score."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("question", metavar="CHALLENGE/QUESTION")
        parser.add_argument("table", type=Path, metavar="SCORES.csv")
        parser.add_argument(
            "--phase", default="", help="a phase that accepts submissions (default: the one that decides)"
        )
        parser.add_argument("--by", required=True, metavar="EMAIL", help="the organiser in whose name they are entered")

    def handle(self, **options: Any) -> None:
        challenge, _, slug = options["question"].partition("/")
        phases = Phase.objects.accepting("submissions").filter(question__challenge__slug=challenge, question__slug=slug)
        chosen = phases.filter(name=options["phase"]) if options["phase"] else phases.order_by("-decides", "-opens")
        phase = chosen.select_related("question__challenge").first()
        actor = User.objects.filter(email__iexact=options["by"]).first()
        if phase is None:
            raise CommandError("No such phase accepts submissions. Check CHALLENGE/QUESTION and --phase.")
        if actor is None:
            raise CommandError(f"Nobody has the address {options['by']}.")
        try:
            content = options["table"].read_bytes()
        except OSError as error:
            raise CommandError(f"{options['table']} cannot be read: {error.strerror}.") from error
        try:
            count = enter_scores(phase=phase, content=content, file_name=options["table"].name, actor=actor)
        except StepError as error:
            faults = error.faults if isinstance(error, InvalidInputError) else []
            raise CommandError(
                "\n".join([error.words(), *(say(fault.template, fault.values) for fault in faults)])
            ) from error
        self.stdout.write(f"{count} submissions have new scores in {phase.name}; the ranking is being computed.")

"""`manage.py score QUESTION.yaml --truth TRUTH --submission PATH`: one submission, without a database."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from challenges.spec import QuestionSpec, SpecError, load_spec
from formats import child
from formats.fault import FormatError
from scoring.evaluate import public_manifest, rejected, score, validate
from scoring.known import known_names
from scoring.truth import TruthError, load_truth

WRONG_CALL, REJECTED, TRUTH_AT_FAULT = 2, 3, 4


class Command(BaseCommand):
    """Prints one JSON document; exit 0 scored, 2 wrong call, 3 rejected, 4 the truth itself is at fault."""

    help = (
        "Score a submission. TRUTH is a table, or a folder with truth.csv and one folder a field with <id>.<ext>. The "
        "public manifest is made from it first; validation sees only that. The same command serves teams on the training set."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The question, both sides, and what to print."""
        parser.add_argument("question", type=Path, metavar="QUESTION.yaml")
        parser.add_argument("--truth", type=Path, required=True, help="a table, or a folder")
        parser.add_argument("--submission", type=Path, required=True, help="a table, a zip, or a folder")
        parser.add_argument("--per-case", action="store_true", help="print the scores of each case")
        parser.add_argument("--seed", type=int, default=None, help="instead of the question's")
        parser.add_argument("--networks", type=Path, default=None, help="folder of imported embedding networks")
        parser.add_argument("--manifest", type=Path, default=None, help="also write the public manifest there")

    def handle(self, *args: Any, **options: Any) -> None:
        """Validate against the manifest alone, then score."""
        spec = _question(options["question"])
        for name in ("truth", "submission"):
            if not options[name].exists():
                raise CommandError(f"There is no {options[name].name}.", returncode=WRONG_CALL)
        child.only_readers()
        try:
            truth = load_truth(spec, options["truth"])
            manifest = public_manifest(spec, truth)
            if options["manifest"] is not None:
                options["manifest"].write_text(json.dumps(manifest.to_json()), encoding="utf-8")
            prediction = validate(spec, manifest, options["submission"])
            evaluation = score(spec, truth, prediction, options["seed"], options["networks"])
        except FormatError as error:
            self._print(rejected(error))
            raise SystemExit(TRUTH_AT_FAULT if isinstance(error, TruthError) else REJECTED) from error
        self._print(evaluation.to_json(options["per_case"]))

    def _print(self, document: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(document, allow_nan=False))


def _question(path: Path) -> QuestionSpec:
    try:
        return load_spec(path.read_bytes().decode("utf-8-sig"), known_names())
    except (OSError, UnicodeError) as error:
        raise CommandError(f"{path.name} cannot be read as text: {error}", returncode=WRONG_CALL) from error
    except SpecError as error:
        raise CommandError(str(error), returncode=WRONG_CALL) from error

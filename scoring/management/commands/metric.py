"""manage.py metric NAME[,NAME] --truth P --prediction P [--params JSON]: metrics on two files, without a database."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

import metrics
from formats.fault import FormatError
from scoring.compare_files import READING, ComparisonError, TruthError, compare
from scoring.evaluate import rejected

WRONG_CALL, REJECTED, TRUTH_AT_FAULT = 2, 3, 4


class Command(BaseCommand):
    """Prints the scores as JSON; exit 0 scored, 2 wrong call, 3 prediction unreadable, 4 truth unreadable."""

    help = (
        "Compute metrics on two files: masks (NIfTI, DICOM, PNG, NPY, run lengths in a table), tables, embeddings or images "
        f"(npy), label maps, or folders of masks. Metrics: {', '.join(metrics.names())}."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Names, the two files, and the parameters."""
        parser.add_argument("names", metavar="NAME[,NAME]")
        parser.add_argument("--truth", type=Path, required=True)
        parser.add_argument("--prediction", type=Path, required=True)
        parser.add_argument("--params", default="{}", metavar="JSON", help=f"parameters of the metrics, and {READING}")

    def handle(self, *args: Any, **options: Any) -> None:
        """Score and print one JSON document."""
        names = [name.strip() for name in options["names"].split(",") if name.strip()]
        try:
            params = json.loads(options["params"])
            if not isinstance(params, dict) or not names:
                raise ComparisonError("Name at least one metric, and give the parameters as a JSON object.")
            outcome = compare(names, options["truth"], options["prediction"], params)
        except FormatError as error:
            self.stdout.write(json.dumps(rejected(error)))
            raise SystemExit(REJECTED) from error
        except TruthError as error:
            raise CommandError(f"The truth cannot be used: {error}", returncode=TRUTH_AT_FAULT) from error
        except (ComparisonError, json.JSONDecodeError, OSError) as error:
            raise CommandError(str(error), returncode=WRONG_CALL) from error
        self.stdout.write(json.dumps(outcome, allow_nan=False))

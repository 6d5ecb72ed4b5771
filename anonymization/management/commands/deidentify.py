"""`manage.py deidentify`: de-identifies files outside the platform, with the same engine and the same key."""

import json
import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError

from anonymization.deid.identity import KeyFileError, parse_key
from anonymization.deid.keep import KeepError
from anonymization.deid.rules import ProfileError, load_profile, parse_profile
from anonymization.deid.tree import Order, deidentify_tree


class Command(BaseCommand):
    """De-identifies every DICOM file below SRC into DST."""

    help = "De-identifies every DICOM file below SRC into DST/<study>/<series>/<sop>.dcm; the report holds no original value."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The arguments of INTERFACES.md."""
        parser.add_argument("src", type=Path, metavar="SRC")
        parser.add_argument("dst", type=Path, metavar="DST")
        parser.add_argument("--key-file", type=Path, required=True, help="file with base64 of at least 32 random bytes")
        parser.add_argument(
            "--centre", help="inclusion centre; without it the issuer of the patient's number stands for it"
        )
        parser.add_argument("--question", type=Path, help="question file whose deidentification.keep is added")
        parser.add_argument("--profile", default="default", help="default, basic, or either with +option and -option")
        parser.add_argument("--jobs", type=int, default=1, help="worker processes")
        parser.add_argument("--report", type=Path, help="where the JSON report is written")
        parser.add_argument("--keep-weekdays", action="store_true", help="shift dates by whole weeks")
        parser.add_argument(
            "--no-pixel-text",
            action="store_true",
            help="do not read writing in pixels; what may carry it goes to review",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Checks the call, runs, writes the report."""
        if not options["src"].exists():
            raise CommandError(f"{options['src']} does not exist. Name a file or a folder.", returncode=2)
        if options["jobs"] < 1:
            raise CommandError("--jobs is the number of worker processes, 1 or more.", returncode=2)
        order = _order(options)
        try:
            summary = deidentify_tree(
                options["src"], options["dst"], order, jobs=options["jobs"], progress=self._progress(options)
            )
        except OSError as error:
            raise CommandError(f"DST cannot be written: {error.strerror}.", returncode=1) from None
        document = summary.to_json()
        if options["report"]:
            options["report"].write_text(json.dumps(document, indent=1) + "\n", "utf-8")
        outcomes = ", ".join(f"{count} {name}" for name, count in document["outcomes"].items())
        self.stdout.write(f"{len(summary.files)} files: {outcomes}; {summary.fast_path} took the fast path.")

    def _progress(self, options: dict[str, Any]) -> Any:
        if options["verbosity"] == 0 or not os.isatty(sys.stderr.fileno()):
            return None

        def show(done: int, total: int) -> None:
            self.stderr.write(f"\r{done} of {total}", ending="\n" if done == total else "")

        return show


def _order(options: dict[str, Any]) -> Order:
    """The order that the arguments describe. Raises CommandError, which repeats no secret."""
    try:
        key = parse_key(options["key_file"].read_bytes())
        chosen = parse_profile(options["profile"])
        keep = _keep_list(options["question"]) if options["question"] else ()
        if keep:  # the table takes memory that a call without a keep list does without; workers load it anyway
            load_profile(chosen, keep)
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be read: {error.strerror}.", returncode=2) from None
    except (KeyFileError, ProfileError, KeepError) as error:
        raise CommandError(str(error), returncode=2) from None
    return Order(
        key,
        options["centre"],
        tuple(sorted(chosen)),
        keep,
        keep_weekday=options["keep_weekdays"],
        pixel_text=not options["no_pixel_text"],
    )


def _keep_list(path: Path) -> tuple[str, ...]:
    """`deidentification.keep` of a question file."""
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        raise CommandError(f"{path} is not a question file: it is not YAML.", returncode=2) from None
    section = document.get("deidentification") if isinstance(document, dict) else None
    keep = section.get("keep", []) if isinstance(section, dict) else []
    if not isinstance(keep, list) or not all(isinstance(keyword, str) for keyword in keep):
        raise CommandError(f"{path}: deidentification.keep is a list of DICOM keywords.", returncode=2)
    return tuple(keep)

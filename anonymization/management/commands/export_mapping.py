"""`manage.py export_mapping`: the key holder's mapping from old to new identities, sealed for a recipient or as MIDI-B's
two files.
"""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from anonymization.deid.identity import KeyFileError, parse_key
from anonymization.deid.mapping import SealError, map_files, seal
from anonymization.deid.tree import files_below


class Command(BaseCommand):
    """Writes the mapping of every file below SRC."""

    help = "Writes OUT, sealed for --recipient, or OUT/patid_mapping.csv and OUT/uid_mapping.csv for MIDI-B's scorer."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The same SRC, key and centre as `deidentify`."""
        parser.add_argument("src", type=Path, metavar="SRC")
        parser.add_argument("out", type=Path, metavar="OUT")
        parser.add_argument("--key-file", type=Path, required=True)
        parser.add_argument("--centre")
        parser.add_argument(
            "--recipient", type=Path, help="X25519 public key (PEM) of the only person who can open OUT"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Maps and writes, readable by the caller alone."""
        try:
            key = parse_key(options["key_file"].read_bytes())
            mapping = map_files(files_below(options["src"], options["out"]), key, options["centre"])
            if options["recipient"]:
                _write_private(options["out"], seal(mapping, options["recipient"].read_bytes()))
            else:
                options["out"].mkdir(parents=True, exist_ok=True, mode=0o700)
                _write_private(options["out"] / "patid_mapping.csv", mapping.patient_csv().encode("utf-8"))
                _write_private(options["out"] / "uid_mapping.csv", mapping.uid_csv().encode("utf-8"))
        except (KeyFileError, SealError) as error:
            raise CommandError(str(error), returncode=2) from None
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}.", returncode=2) from None
        self.stdout.write(f"{len(mapping.patients)} patients, {len(mapping.uids)} UIDs.")


def _write_private(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as stream:
        stream.write(data)

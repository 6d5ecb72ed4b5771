"""Write the mapping of every file below SRC: OUT, sealed for --recipient, or OUT/patid_mapping.csv and OUT/uid_mapping.csv for
MIDI-B's scorer.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TextIO

from concours.commands.error import CommandError
from concours.commands.key_files import add_key_arguments, identity_key
from concours.deid.mapping import SealError, map_files, seal
from concours.deid.tree import files_below


def add_arguments(parser: ArgumentParser) -> None:
    """The same SRC, keys and centre as `deidentify`."""
    parser.add_argument("src", type=Path, metavar="SRC")
    parser.add_argument("out", type=Path, metavar="OUT")
    add_key_arguments(parser)
    parser.add_argument("--recipient", type=Path, help="X25519 public key (PEM) of the only person who can open OUT")


def run(arguments: Namespace, out: TextIO, err: TextIO) -> int:
    """Maps and writes, readable by the caller alone. Exit 0, or 2 for a wrong call."""
    key = identity_key(arguments)
    try:
        mapping = map_files(files_below(arguments.src, arguments.out), key, arguments.centre)
        if arguments.recipient:
            _write_private(arguments.out, seal(mapping, arguments.recipient.read_bytes()))
        else:
            arguments.out.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_private(arguments.out / "patid_mapping.csv", mapping.patient_csv().encode("utf-8"))
            _write_private(arguments.out / "uid_mapping.csv", mapping.uid_csv().encode("utf-8"))
    except SealError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror}.") from None
    out.write(f"{len(mapping.patients)} patients, {len(mapping.uids)} UIDs.\n")
    return 0


def _write_private(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as stream:
        stream.write(data)

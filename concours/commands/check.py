"""Check one uploaded file and print the verdict as one line of JSON. Nothing is scored, no truth is opened."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TextIO

from concours.commands.error import CommandError
from concours.formats import child
from concours.formats.check import KINDS, check_upload
from concours.formats.manifest import Manifest, ManifestError

UNUSABLE = 1


def add_arguments(parser: ArgumentParser) -> None:
    """The file, its kind, the public manifest, and the only folder that may be written to."""
    parser.add_argument("path", metavar="PATH", type=Path)
    parser.add_argument("--kind", required=True, choices=KINDS)
    parser.add_argument("--manifest", metavar="M.json", type=Path)
    parser.add_argument("--work", metavar="DIR", type=Path)


def run(arguments: Namespace, out: TextIO, err: TextIO) -> int:
    """Runs the check in its confined child. Exit 0 whatever the verdict, 1 without a file or manifest to read."""
    path: Path = arguments.path
    if not path.is_file():
        raise CommandError(f"'{path}' is not a file. Name the file to check.", UNUSABLE)
    if arguments.work is not None:
        arguments.work.mkdir(parents=True, exist_ok=True)
    child.preload_only("concours.formats.check")
    verdict = check_upload(path, arguments.kind, read_manifest(arguments.manifest), arguments.work)
    out.write(json.dumps(verdict.to_json()) + "\n")
    return 0


def read_manifest(path: Path | None) -> Manifest | None:
    """The public manifest of a file; None without one. Raises CommandError where it cannot be used."""
    if path is None:
        return None
    try:
        return Manifest.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ManifestError) as error:
        raise CommandError(f"The manifest '{path}' cannot be used: {error}", UNUSABLE) from error

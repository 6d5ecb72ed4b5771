"""Train the baseline of the starter kit on a training batch and write a submission that the site accepts."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from importlib import import_module
from pathlib import Path
from typing import TextIO

from concours.commands.check import read_manifest
from concours.commands.error import CommandError
from concours.commands.question import read_spec
from concours.formats.fault import FormatError


def add_arguments(parser: ArgumentParser) -> None:
    """The question, the unpacked batches, the cases, and where the file goes."""
    parser.add_argument("question", type=Path, metavar="QUESTION.yaml")
    parser.add_argument("--training", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--evaluation", type=Path, metavar="FOLDER", help="not for questions of generated cases")
    parser.add_argument("--manifest", type=Path, metavar="M.json", help="submission.json of concours data")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: the name that the question gives")


def run(arguments: Namespace, out: TextIO, err: TextIO) -> int:
    """Prints the name of the file. Exit 0, 1 without a manifest to read, 2 wrong call."""
    generated = read_spec(arguments.question).submission.generated is not None
    if not generated and (arguments.evaluation is None or read_manifest(arguments.manifest) is None):
        raise CommandError("Name the evaluation batch with --evaluation and submission.json with --manifest.")
    baseline = import_module("concours.kit.baseline")  # with the readers of images, which a wrong call does without
    try:
        path = baseline.run(
            arguments.question, arguments.training, arguments.evaluation, arguments.manifest, arguments.out
        )
    except FileNotFoundError as error:
        raise CommandError(str(error)) from error
    except FormatError as error:
        raise CommandError("\n".join(fault.message for fault in error.faults)) from error
    out.write(f"{path}\n")
    return 0

"""Write a sample submission of a question: a file that its site accepts as it is, with the ids and grids of the manifest that
`concours data` stores. Without a manifest its cases are invented.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TextIO

from concours.commands.check import read_manifest
from concours.commands.question import read_spec
from concours.evaluation.answer_files import answers_name, write_answers
from concours.evaluation.sample import example_manifest, sample_answers


def add_arguments(parser: ArgumentParser) -> None:
    """The question, its cases, and where the file goes."""
    parser.add_argument("question", type=Path, metavar="QUESTION.yaml")
    parser.add_argument("--manifest", type=Path, metavar="M.json", help="submission.json of concours data")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: the name that the question gives")


def run(arguments: Namespace, out: TextIO, err: TextIO) -> int:
    """Prints the name of the file. Exit 0, 1 without a manifest to read, 2 wrong call."""
    spec = read_spec(arguments.question)
    manifest = read_manifest(arguments.manifest) or example_manifest(spec)
    path = arguments.out or Path(answers_name(manifest, f"{spec.slug}-sample"))
    with path.open("wb") as target:
        write_answers(spec, manifest, sample_answers(spec, manifest), target)
    out.write(f"{path}\n")
    return 0

"""Write the starter kit of a question into a folder: data dictionary, terms, sample submission, baseline script and notebook."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TextIO

from concours.commands.check import read_manifest
from concours.commands.question import read_spec
from concours.kit.kit import kit_files


def add_arguments(parser: ArgumentParser) -> None:
    """The question, its cases, and the folder."""
    parser.add_argument("question", type=Path, metavar="QUESTION.yaml")
    parser.add_argument("--manifest", type=Path, metavar="M.json", help="submission.json of concours data")
    parser.add_argument("--into", type=Path, default=Path("kit"), metavar="FOLDER", help="default: kit")


def run(arguments: Namespace, out: TextIO, err: TextIO) -> int:
    """Prints the name of each file. Exit 0, 1 without a manifest to read, 2 wrong call."""
    spec = read_spec(arguments.question)
    for name, content in kit_files(spec, read_manifest(arguments.manifest)).items():
        path = arguments.into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        out.write(f"{path}\n")
    return 0

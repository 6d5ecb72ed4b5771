"""`concours COMMAND …`: finds the command, parses its arguments, runs it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol, TextIO, cast

from concours import __version__
from concours.commands.error import CommandError

COMMANDS = {
    "deidentify": "de-identify DICOM files into another folder",
    "export-mapping": "write the mapping from old to new identities, for the holder of the key",
    "find-identifiers": "search de-identified files for what could still identify somebody",
    "check": "check one file as an upload is checked, before any scoring",
    "score": "score a submission against a truth",
    "metric": "compute metrics on two files",
    "rank": "rank teams by a question's rule",
    "question": "check a question file, a Codabench bundle or an EvalAI configuration",
    "login": "store a site's address and your token there",
    "sample": "write a sample submission of a question",
    "kit": "write the starter kit of a question",
    "baseline": "train the kit's baseline and write a submission",
    "runs": "convert NIfTI masks into a table of run lengths",
    "team": "show your teams on the site",
    "data": "download the released batches of a question",
    "upload": "de-identify and send exams from the centre's own machine",
    "submit": "submit a file and wait for its scores",
    "board": "print the board of a question",
}
"""Every command with its line in `concours --help`; its module is named after it."""


class Command(Protocol):
    """What the module of a command offers; its docstring's first line is its help."""

    __doc__: str | None

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declares the arguments."""

    def run(self, arguments: Namespace, out: TextIO, err: TextIO) -> int:
        """Carries the command out and returns the exit code. Raises CommandError."""


def find(name: str) -> Command:
    """The module of a command of `COMMANDS`."""
    return cast(Command, import_module(f"concours.commands.{name.replace('-', '_')}"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code: 2 for a wrong call, else the command's own."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = ArgumentParser(
        "concours", description="Medical-imaging data challenges: de-identify, check, score, rank, take part."
    )
    parser.add_argument("--version", action="version", version=f"concours {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        commands.add_parser(name, help=summary, add_help=False)
    if words and words[0] in COMMANDS:
        return call(words[0], words[1:], f"concours {words[0]}")
    parser.parse_args(words)  # prints the help or the version, or says which commands there are, and ends
    return 2


def call(name: str, words: Sequence[str], program: str) -> int:
    """Runs one command with its arguments; `program` is what its help calls it."""
    command = find(name)
    parser = ArgumentParser(program, description=description(command))
    command.add_arguments(parser)
    parsed = parser.parse_args(words)
    try:
        return command.run(parsed, sys.stdout, sys.stderr)
    except CommandError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except BrokenPipeError:
        sys.stdout = cast(Any, None)  # the reader has gone; the interpreter must not flush into the closed pipe
        return 1


def description(command: Command) -> str:
    """The docstring of a command as one paragraph, which is its help."""
    return " ".join((command.__doc__ or "").split())

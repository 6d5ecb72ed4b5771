"""Score a submission. TRUTH is a table, or a folder with truth.csv and one folder per field with <id>.<ext>. The public manifest
is made from it first; validation sees only that. The same command serves teams on the training set.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any, TextIO

from concours.commands.error import CommandError
from concours.commands.question import read_spec
from concours.evaluation.evaluate import check_truth, public_manifest, rejected, score, validate
from concours.evaluation.truth import load_truth
from concours.evaluation.truth_table import TruthError
from concours.formats import child
from concours.formats.fault import FormatError

REJECTED, TRUTH_AT_FAULT = 3, 4


def add_arguments(parser: ArgumentParser) -> None:
    """The question, both sides, and what to print."""
    parser.add_argument("question", type=Path, metavar="QUESTION.yaml")
    parser.add_argument("--truth", type=Path, required=True, help="a table, or a folder")
    parser.add_argument("--submission", type=Path, required=True, help="a table, a zip, or a folder")
    parser.add_argument("--per-case", action="store_true", help="print the scores of each case")
    parser.add_argument("--seed", type=int, default=None, help="instead of the question's")
    parser.add_argument("--networks", type=Path, default=None, help="folder of imported embedding networks")
    parser.add_argument("--manifest", type=Path, default=None, help="also write the public manifest there")


def run(arguments: Namespace, out: TextIO, err: TextIO) -> int:
    """Prints one JSON document. Exit 0 scored, 2 wrong call, 3 rejected, 4 the truth itself is at fault."""
    child.preload_only("concours.formats.check")
    spec = read_spec(arguments.question)
    for path in (arguments.truth, arguments.submission):
        if not path.exists():
            raise CommandError(f"There is no {path.name}.")
    try:
        truth = load_truth(spec, arguments.truth)
        check_truth(spec, truth)
        manifest = public_manifest(spec, truth)
        if arguments.manifest is not None:
            arguments.manifest.write_text(json.dumps(manifest.to_json()), encoding="utf-8")
        prediction = validate(spec, manifest, arguments.submission)
        evaluation = score(spec, truth, prediction, arguments.seed, arguments.networks)
    except FormatError as error:
        _print(rejected(error), out)
        return TRUTH_AT_FAULT if isinstance(error, TruthError) else REJECTED
    _print(evaluation.to_json(arguments.per_case), out)
    return 0


def _print(document: dict[str, Any], out: TextIO) -> None:
    out.write(json.dumps(document, allow_nan=False) + "\n")

"""Compute metrics on two files: masks (NIfTI, DICOM, PNG, NPY, run lengths in a table), tables, embeddings or images (npy), label
maps, or folders of masks.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TextIO

from concours import metrics
from concours.commands.error import CommandError
from concours.evaluation.compare_files import READING, compare
from concours.evaluation.evaluate import rejected
from concours.evaluation.file_pair import ComparisonError, UnreadableTruthError
from concours.formats.fault import FormatError

REJECTED, TRUTH_AT_FAULT = 3, 4


def add_arguments(parser: ArgumentParser) -> None:
    """Names, the two files, and the parameters."""
    parser.add_argument("names", metavar="NAME[,NAME]", help=", ".join(metrics.names()))
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--prediction", type=Path, required=True)
    parser.add_argument("--params", default="{}", metavar="JSON", help=f"parameters of the metrics, and {READING}")


def run(arguments: Namespace, out: TextIO, err: TextIO) -> int:
    """Prints the scores as JSON. Exit 0 scored, 2 wrong call, 3 prediction unreadable, 4 truth unreadable."""
    names = [name.strip() for name in arguments.names.split(",") if name.strip()]
    try:
        params = json.loads(arguments.params)
        if not isinstance(params, dict) or not names:
            raise ComparisonError("Name at least one metric, and give the parameters as a JSON object.")
        comparison = compare(names, arguments.truth, arguments.prediction, params)
    except FormatError as error:
        out.write(json.dumps(rejected(error)) + "\n")
        return REJECTED
    except UnreadableTruthError as error:
        raise CommandError(f"The truth cannot be used: {error}", TRUTH_AT_FAULT) from error
    except (ComparisonError, json.JSONDecodeError, OSError) as error:
        raise CommandError(str(error)) from error
    out.write(json.dumps(comparison.to_json(), allow_nan=False) + "\n")
    return 0

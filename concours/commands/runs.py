"""Convert a folder of NIfTI masks, one per case, into the table of run lengths that a question takes."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TextIO

import numpy as np

from concours.commands.check import read_manifest
from concours.commands.error import CommandError
from concours.commands.question import read_spec
from concours.evaluation.answer_files import Answers, answers_name, write_answers
from concours.formats.fault import FormatError
from concours.formats.files import read_mask
from concours.formats.manifest import Grid
from concours.formats.mask_files import MaskArray
from concours.metrics import Reference

ENDINGS = (".nii.gz", ".nii", ".nrrd", ".npy", ".png")


def add_arguments(parser: ArgumentParser) -> None:
    """The question, the masks, the cases, and where the table goes."""
    parser.add_argument("question", type=Path, metavar="QUESTION.yaml")
    parser.add_argument("masks", type=Path, metavar="FOLDER", help="holds <case>.nii.gz for each case")
    parser.add_argument(
        "--manifest", type=Path, required=True, metavar="M.json", help="submission.json of concours data"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: the name that the question gives")


def run(arguments: Namespace, out: TextIO, err: TextIO) -> int:
    """Prints the name of the table. Exit 0, 1 without a manifest to read, 2 wrong call or a mask that does not fit its image."""
    spec, manifest = read_spec(arguments.question), read_manifest(arguments.manifest)
    if spec.submission.runs is None or manifest is None:
        raise CommandError("This question does not take run lengths.")

    def mask(case: str, grid: Grid) -> MaskArray:
        path = next((path for end in ENDINGS if (path := arguments.masks / f"{case}{end}").is_file()), None)
        if path is None:
            raise CommandError(f"{arguments.masks} holds no mask of the case {case}.")
        labels = read_mask(path.read_bytes(), grid, manifest.mask_values, path.name)
        return np.asarray(Reference.of(labels[1]).array, np.uint8)

    target = arguments.out or Path(answers_name(manifest, spec.slug))
    try:
        with target.open("wb") as file:
            write_answers(spec, manifest, Answers(mask=mask), file)
    except FormatError as error:
        raise CommandError("\n".join(fault.message for fault in error.faults)) from error
    out.write(f"{target}\n")
    return 0

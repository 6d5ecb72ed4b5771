"""Small sets of cases, written as an organiser and a team would write them: truth folders, tables, zips."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from concours.evaluation.evaluate import ScoringResult, public_manifest, score, validate
from concours.evaluation.truth import load_truth
from concours.known_names import known_names
from concours.questions.schema import QuestionSpec, load_spec

CATALOGUE = Path("concours/questions/catalogue")


@cache
def question(slug: str) -> QuestionSpec:
    """A question of the catalogue."""
    return load_spec((CATALOGUE / f"{slug}.yaml").read_text(encoding="utf-8"), known_names())


def csv_bytes(rows: Iterable[Mapping[str, Any]]) -> bytes:
    rows = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def npy_bytes(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def write_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def scored(slug: str, truth: Path, submission: Path, seed: int | None = None) -> ScoringResult:
    """The three calls of the engine, in this process."""
    spec = question(slug)
    read = load_truth(spec, truth)
    return score(spec, read, validate(spec, public_manifest(spec, read), submission, isolated=False), seed)

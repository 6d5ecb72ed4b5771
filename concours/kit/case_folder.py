"""An unpacked batch: its table, the images of its cases as arrays, and its texts, in whatever format it was delivered."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from concours.formats.nifti import read_volume
from concours.imaging import geometry_of_files, load_volume
from concours.questions.schema import QuestionSpec

TABLES = ("truth.csv", "cases.csv")


@dataclass(frozen=True)
class CaseFolder:
    """The folder into which an archive was unpacked."""

    path: Path
    spec: QuestionSpec

    @cached_property
    def rows(self) -> dict[str, dict[str, str]]:
        """The cells of `truth.csv` or `cases.csv` by case. Raises FileNotFoundError without either."""
        table = next((self.path / name for name in TABLES if (self.path / name).is_file()), None)
        if table is None:
            raise FileNotFoundError(f"{self.path} holds neither truth.csv nor cases.csv: unpack a batch there")
        with table.open(encoding="utf-8", newline="") as file:
            return {row[self.spec.submission.id_column]: row for row in csv.DictReader(file)}

    @property
    def cases(self) -> list[str]:
        """The ids of the cases."""
        return list(self.rows)

    def image(self, name: str, case: str) -> NDArray[Any] | None:
        """An image as i, j, k (a slice has one plane); None where the case has none."""
        folder = self.path / name
        if (folder / f"{case}.npy").is_file():
            array: NDArray[Any] = np.load(folder / f"{case}.npy", allow_pickle=False)
            return array.T[:, :, None] if array.ndim == 2 else array
        if (folder / f"{case}.nii.gz").is_file():
            array = read_volume((folder / f"{case}.nii.gz").read_bytes(), case).array
            return array[:, :, None] if array.ndim == 2 else array
        files = sorted((folder / case).glob("*.dcm"))
        if not files:
            return None
        geometry = geometry_of_files(files, name)
        return load_volume(files, geometry, name).array if geometry.is_array else None

    def text(self, field: str, case: str) -> str:
        """A text, from its own file or from the table."""
        path = self.path / field / f"{case}.txt"
        return path.read_text(encoding="utf-8") if path.is_file() else self.rows[case].get(field, "")


def as_grid(image: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """An image i, j, k as a mask of this shape is indexed: rows and columns of a slice, else i, j, k."""
    array = image[:, :, 0].T if len(shape) == 2 else image
    if array.shape != shape:
        raise ValueError(f"the image has the shape {array.shape}, its mask {shape}")
    return array

"""Submissions of the run, and what they must score: made and computed without any code of the platform."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Masks = Mapping[str, NDArray[np.uint8]]


def loaded_masks(path: str) -> dict[str, NDArray[np.uint8]]:
    with np.load(path) as stored:
        return {case: stored[case] for case in stored.files}


def worn(mask: NDArray[np.uint8], voxels: int) -> NDArray[np.uint8]:
    """The mask without its last `voxels` voxels."""
    copy = mask.copy()
    inside = np.flatnonzero(copy)
    copy.flat[inside[len(inside) - voxels :]] = 0
    return copy


def entry(masks: Masks, wear: int, number: float) -> bytes:
    """A zip of worn masks and a table of surfaces; `number` makes it another file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for case, mask in masks.items():
            picture = io.BytesIO()
            Image.fromarray(worn(mask, wear)).save(picture, format="PNG")
            archive.writestr(f"{case}.png", picture.getvalue())
        rows = [f"{case},{float(mask.sum()) + number}" for case, mask in masks.items()]
        archive.writestr("surfaces.csv", "\n".join(["case_id,surface", *rows]) + "\n")
    return file.getvalue()


def dice(masks: Masks, wear: int) -> float:
    """The mean over cases of 2 |A and B| / (|A| + |B|)."""
    each = []
    for mask in masks.values():
        other = worn(mask, wear)
        each.append(2 * float(np.logical_and(mask, other).sum()) / float(int(mask.sum()) + int(other.sum())))
    return float(np.mean(each))

"""Submissions built from the truth with noise of a known size, so that the board is known before anything is sent."""

from __future__ import annotations

import csv
import io
import itertools
import math
import zipfile
from collections.abc import Mapping, Sequence

import numpy as np
import openpyxl
from numpy.typing import NDArray
from PIL import Image


def rng_of(*parts: object) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(repr(parts).encode()[:64].ljust(64, b"\0"), "big") % 2**63)


def ranks_for_sums(sums: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two rankings whose sums are these, the first found in order: where Dice and MSE ranks are published as sums only.

    Ties of the sum are broken by the first ranking, so teams of one sum come in its order.
    """
    count = len(sums)
    for first in itertools.permutations(range(1, count + 1)):
        second = tuple(total - rank for total, rank in zip(sums, first, strict=True))
        if sorted(second) == list(range(1, count + 1)):
            return first, second
    raise ValueError("no two rankings give these sums")


def worn(mask: NDArray[np.bool_], share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """The mask without `share` of its voxels: Dice is 2 (1 - share) / (2 - share)."""
    inside = np.flatnonzero(mask)
    gone = rng.permutation(inside)[: round(share * inside.size)]
    result = mask.copy()
    result.flat[gone] = False
    return result


def shrunk(mask: NDArray[np.bool_], share: float) -> NDArray[np.bool_]:
    """The mask without the `share` of its voxels that lie farthest from its middle: overlap, diameter and volume all suffer."""
    places = np.argwhere(mask)
    far = np.linalg.norm(places - places.mean(axis=0), axis=1)
    gone = places[np.argsort(far, kind="stable")[len(far) - round(share * len(far)) :]]
    result = mask.copy()
    result[tuple(gone.T)] = False
    return result


def masks_zip(masks: Mapping[str, NDArray[np.bool_]], surfaces: Mapping[str, float]) -> bytes:
    """A sarcopenia submission: one PNG a case, and surfaces.csv."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("surfaces.csv", table("case_id", {"surface": surfaces}))
        for case, mask in masks.items():
            picture = io.BytesIO()
            Image.fromarray(mask.astype(np.uint8)).save(picture, format="PNG")
            archive.writestr(f"{case}.png", picture.getvalue())
    return target.getvalue()


def table(id_column: str, columns: Mapping[str, Mapping[str, float]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([id_column, *columns])
    for case in next(iter(columns.values())):
        writer.writerow([case, *(repr(float(values[case])) for values in columns.values())])
    return text.getvalue()


def workbook(id_column: str, column: str, values: Mapping[str, float]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append([id_column, column])
    for case, value in values.items():
        sheet.append([case, value])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def probabilities_with_auc(positive: Mapping[str, bool], auc: float, digits: int = 3) -> dict[str, float]:
    """Probabilities whose AUC prints as `auc`: each abnormal exam is put above a counted number of normal ones."""
    yes, no = [case for case in positive if positive[case]], [case for case in positive if not positive[case]]
    halves = round(auc * 2 * len(yes) * len(no))
    if round(halves / (2 * len(yes) * len(no)), digits) != auc:
        raise ValueError(f"{len(yes)} and {len(no)} exams cannot give an AUC that prints as {auc}")
    step = 1 / (len(no) + 2)
    values = {case: (place + 1) * step for place, case in enumerate(no)}
    for place, case in enumerate(yes):
        won = halves * (place + 1) // len(yes) - halves * place // len(yes)  # in halves of a pair
        # An even number of halves stands between two normal exams, an odd one is a tie with one of them.
        values[case] = (won // 2 + 1) * step if won % 2 else (won // 2 + 0.5) * step
    return {case: round(values[case], 9) for case in positive}


def predictions_with_mse(truth: Mapping[str, float], mse: float, rng: np.random.Generator) -> dict[str, float]:
    """Values whose mean squared error is exactly this."""
    errors = rng.normal(size=len(truth))
    errors *= math.sqrt(mse / float(np.mean(errors**2)))
    return {case: value + float(error) for (case, value), error in zip(truth.items(), errors, strict=True)}


def run_lengths(mask: NDArray[np.bool_]) -> str:
    """Row order (C), counted from 1, as the organisers' converter writes it."""
    flat = np.concatenate([[0], mask.ravel(order="C").astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(flat))
    starts, ends = edges[::2], edges[1::2]
    return " ".join(f"{start + 1} {end - start}" for start, end in zip(starts, ends, strict=True))


def runs_csv(masks: Mapping[str, NDArray[np.bool_]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["id", "rle", "recist", "volume", "data_shape"])
    for case, mask in masks.items():
        writer.writerow([case, run_lengths(mask), 0, int(mask.sum()), str(mask.shape)])
    return text.getvalue()


def generated_zip(cases: Sequence[NDArray[np.uint16]]) -> bytes:
    """One array of three images a case."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number, planes in enumerate(cases):
            content = io.BytesIO()
            np.save(content, planes, allow_pickle=False)
            archive.writestr(f"case-{number:04d}.npy", content.getvalue())
    return target.getvalue()

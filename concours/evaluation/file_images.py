"""The two image files of a comparison: masks, run lengths in tables, label maps, and what is embedded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from concours.evaluation import embedding
from concours.evaluation.file_pair import ComparisonError, Pair, read_truth
from concours.evaluation.file_tables import chosen_column, ids_of, is_table, read_table, same_ids
from concours.formats import files, nifti, npy, png
from concours.formats.manifest import Grid
from concours.formats.mask import Mask
from concours.formats.runs import ORDERS, parse_runs


def mask_pairs(truth: Path, prediction: Path, settings: Mapping[str, Any]) -> list[Pair]:
    """One pair a label, or one a row where both are run lengths in tables."""
    if is_table(truth):
        runs = read_truth(_run_masks, truth, settings, None)
        theirs = _run_masks(prediction, settings, next(iter(runs.values()), None)) if is_table(prediction) else None
        if theirs is None:
            if len(runs) != 1:
                raise ComparisonError("One mask cannot be compared with a table of several.")
            only = next(iter(runs.values()))
            theirs = dict.fromkeys(runs, _read_masks(prediction, settings, _grid_of(only))[1])
        return [Pair(runs[case], theirs[case]) for case in same_ids(list(runs), list(theirs))]
    references = read_truth(_read_masks, truth, settings, None)
    first = next(iter(references.values()))
    if is_table(prediction):
        rows = _run_masks(prediction, settings, first)
        if len(rows) != 1 or len(references) != 1:
            raise ComparisonError("One mask cannot be compared with a table of several.")
        return [Pair(first, next(iter(rows.values())))]
    predictions = _read_masks(prediction, settings, _grid_of(first))
    return [Pair(references[label], predictions[label]) for label in references]


def _read_masks(path: Path, settings: Mapping[str, Any], grid: Grid | None) -> dict[int, Mask]:
    labels = settings.get("labels")
    values = None if labels is None else (0, *(int(label) for label in labels if int(label)))
    masks = files.read_mask(path.read_bytes(), grid, values, path.name)
    return {label: _spaced(mask, settings) for label, mask in masks.items()}


def _spaced(mask: Mask, settings: Mapping[str, Any]) -> Mask:
    return mask if "spacing" not in settings else replace(mask, spacing=tuple(map(float, settings["spacing"])))


def _grid_of(mask: Mask) -> Grid:
    affine = None if mask.affine is None else tuple(map(tuple, np.asarray(mask.affine).tolist()))
    return Grid(mask.shape, affine, mask.spacing)


def _run_masks(path: Path, settings: Mapping[str, Any], like: Mask | None) -> dict[str, Mask]:
    """The masks of a table of run lengths, by id: the column `rle`, or the one named."""
    rle = dict(settings.get("rle") or {})
    shape = rle.get("shape") or (like.shape if like is not None else None)
    if shape is None or rle.get("order") not in ORDERS or rle.get("base") not in (0, 1):
        raise ComparisonError('Run lengths need {"rle": {"order": "row" | "column", "base": 0 | 1, "shape": […]}}.')
    table = read_table(path)
    ids = ids_of(table, settings)
    cells = table.column(chosen_column(table, settings, "prediction_column", preferred="rle"))
    dims = tuple(int(side) for side in shape)
    masks = {}
    for case, cell in zip(ids, cells, strict=True):
        runs = parse_runs(cell, int(np.prod(dims)), rle["base"], f"{path.name}, {case}")
        affine = like.affine if like is not None else None
        spacing = like.spacing if like is not None else ()
        masks[case] = _spaced(Mask(dims, ORDERS[rle["order"]], runs=runs, spacing=spacing, affine=affine), settings)  # type: ignore[arg-type]
    return masks


def instance_pairs(truth: Path, prediction: Path, settings: Mapping[str, Any]) -> list[Pair]:
    return [Pair(read_truth(_array, truth), _array(prediction))]


def embedding_pairs(truth: Path, prediction: Path, settings: Mapping[str, Any]) -> list[Pair]:
    """Embeddings (n, d), or cases (n, 3, rows, columns), which are embedded with the default or the named network."""
    return [Pair(_embedded(read_truth(_array, truth), settings), _embedded(_array(prediction), settings))]


def _embedded(array: np.ndarray, settings: Mapping[str, Any]) -> np.ndarray:
    if array.ndim != 4:
        return array
    folder = settings.get("embeddings_folder")
    try:
        network = embedding.find(settings.get("embedding", embedding.DEFAULT.name), Path(folder) if folder else None)
        return embedding.embed(array, network).values
    except (LookupError, embedding.UnusableImageError) as error:
        raise ComparisonError(str(error)) from error


def _array(path: Path) -> np.ndarray:
    content = path.read_bytes()
    kind = files.kind_of(content)
    if kind == "nifti":
        return nifti.read_volume(content, path.name).array
    if kind == "png":
        return png.read_array(content, path.name)
    return npy.read_array(content, path.name)

"""Runs in a limited child: one image of an exam as a viewer shows it. Plain: paths in, two raw files and JSON out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formats import dicom
from formats.dicom_image import read_grid, read_series
from formats.fault import FormatError, gettext_noop, refuse
from formats.files import read_mask
from formats.manifest import Grid
from formats.nifti import Volume

NOTHING_TO_SHOW = gettext_noop("%(name)s: there is no picture to show.")
LARGEST = 2**15 - 1
COARSE = 256  # a range narrower than this many whole steps is stretched, so that rounding does not show
STRETCHED = 4095
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


def draw(paths: Sequence[str], mask: Mapping[str, Any] | None, out: str) -> dict[str, Any]:
    """Writes `out/volume` (little-endian int16) and, with a mask that fits, `out/mask` (uint8), both (slices, rows, columns).

    `mask` is `{"path", "values"}`. Returns `{"shape": [k, j, i], "spacing": [k, j, i] in mm, "window": [centre, width],
    "orientation": "S,P,L" or "", "mask": bool}`; the window is the file's own, else what holds 99 % of the values.
    """
    try:
        volume: Volume | None = read_series(sorted(paths))
    except FormatError:
        volume = None
    if volume is None:
        array, spacing, orientation = _stacked(sorted(paths))
    else:
        array = np.ascontiguousarray(volume.array.transpose(2, 1, 0))
        spacing, orientation = [float(step) for step in reversed(volume.spacing)], _letters(volume)
    values, slope, inter = _whole(array)
    centre, width = _window(paths[0], array)
    (Path(out) / "volume").write_bytes(values.astype("<i2").tobytes())
    labels = _labels(paths, volume, mask, array.shape)
    if labels is not None:
        (Path(out) / "mask").write_bytes(labels.tobytes())
    return {
        "shape": list(array.shape),
        "spacing": spacing,
        "window": [centre * slope + inter, width * slope],
        "orientation": orientation,
        "mask": labels is not None,
    }


def _stacked(paths: Sequence[str]) -> tuple[NDArray[np.float32], list[float], str]:
    """Frames one after the other, for what is no regular series: colour, ultrasound, radiographs, several frames in a file."""
    planes: list[NDArray[np.float32]] = []
    spacing = [1.0, 1.0, 1.0]
    for path in map(Path, paths):
        dataset = dicom.load(path.read_bytes(), path.name)
        for frame in dicom.frames(dataset, path.name):
            grey = np.asarray(frame, np.float32)
            grey = grey[..., :3] @ LUMINANCE if grey.ndim == 3 else grey
            if not planes:
                spacing = _pixel_spacing(dataset)
            if not planes or grey.shape == planes[0].shape:
                planes.append(grey)
    if not planes:
        raise refuse("no_pixels", "exam", NOTHING_TO_SHOW, name="exam")
    return np.stack(planes), spacing, ""


def _pixel_spacing(dataset: Any) -> list[float]:
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        try:
            rows, columns = (float(step) for step in dicom.element(dataset, keyword))
        except dicom.DICOM_ERRORS:
            continue
        if rows > 0 and columns > 0 and np.isfinite([rows, columns]).all():
            return [1.0, rows, columns]
    return [1.0, 1.0, 1.0]


def _letters(volume: Volume) -> str:
    """The side of the patient that each growing index goes to, slices first (RAS: +x right, +y anterior, +z superior)."""
    sides = []
    for axis in (2, 1, 0):
        step = np.asarray(volume.affine)[:3, axis]
        largest = int(np.abs(step).argmax())
        sides.append(("RL", "AP", "SI")[largest][0 if step[largest] > 0 else 1])
    return ",".join(sides)


def _whole(array: NDArray[np.float32]) -> tuple[NDArray[np.float32], float, float]:
    """Whole numbers that fit 16 bits, and the line (slope, intercept) that made them where values had to be moved."""
    low, high = float(array.min()), float(array.max())
    fits = low >= -LARGEST and high <= LARGEST
    if fits and (high - low >= COARSE or np.array_equal(np.rint(array), array)):
        return np.rint(array), 1.0, 0.0
    slope = STRETCHED / (high - low) if high > low else 1.0
    return np.rint((array - low) * slope), slope, -low * slope


def _window(path: str, array: NDArray[np.float32]) -> tuple[float, float]:
    dataset = dicom.load(Path(path).read_bytes(), Path(path).name)
    try:
        centre, width = (_first(dicom.element(dataset, keyword)) for keyword in ("WindowCenter", "WindowWidth"))
    except dicom.DICOM_ERRORS:
        centre, width = float("nan"), 0.0
    if np.isfinite([centre, width]).all() and width > 0:
        return centre, width
    low, high = (float(value) for value in np.percentile(array[:: max(1, len(array) // 16)], (0.5, 99.5)))
    return (low + high) / 2, max(high - low, 1.0)


def _first(value: Any) -> float:
    return float(value[0] if isinstance(value, (list, tuple)) or hasattr(value, "__len__") else value)


def _labels(
    paths: Sequence[str], volume: Volume | None, mask: Mapping[str, Any] | None, shape: tuple[int, ...]
) -> NDArray[np.uint8] | None:
    """The mask on the picture's grid; None where it does not fit: quality control has said so in words already."""
    if mask is None or volume is None:
        return None
    flat = len(paths) == 1 and shape[0] == 1
    try:
        grid = read_grid(Path(paths[0]).read_bytes(), Path(paths[0]).name) if flat else _grid(volume)
        values = tuple(mask["values"]) if len([value for value in mask["values"] if value]) > 1 else None
        found = read_mask(Path(mask["path"]).read_bytes(), grid, values, "mask")
    except FormatError:
        return None
    labels = np.zeros(grid.shape, np.uint8)
    for label, region in found.items():
        labels[region.placed(None).dense().reshape(grid.shape)] = label
    return np.ascontiguousarray(labels[None] if flat else labels.transpose(2, 1, 0))


def _grid(volume: Volume) -> Grid:
    return Grid(tuple(volume.array.shape), tuple(map(tuple, volume.affine.tolist())), tuple(volume.spacing))

"""Runs in a limited child: one image of an exam as a viewer shows it. Plain: paths in, two raw files and JSON out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from concours.formats import dicom
from concours.formats.fault import FormatError
from concours.imaging import Geometry, geometry_of_files, letters, load_picture, load_volume, upright
from concours.imaging.masks import label_array, read_mask

LARGEST = 2**15 - 1
COARSE = 256  # a range narrower than this many whole steps is stretched, so that rounding does not show
STRETCHED = 4095


@dataclass(frozen=True)
class PictureFacts:
    """What a viewer must know of a picture. `shape` and `spacing` (mm) are of slices, rows and columns as they hang.

    `window` (centre, width) is the file's own, else what holds 99 % of the values; `orientation` the sides that growing
    indices go to ("I,P,L"), or "". `inverted` pictures show low values bright (MONOCHROME1). `mask_fault` says why a
    mask cannot be drawn.
    """

    shape: tuple[int, int, int]
    spacing: tuple[float, ...]
    window: tuple[float, float]
    orientation: str = ""
    units: str = ""
    inverted: bool = False
    has_mask: bool = False
    mask_fault: str = ""

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> PictureFacts:
        """Read what `draw` returned, after a journey through JSON."""
        tuples = {name: tuple(value[name]) for name in ("shape", "spacing", "window")}
        return cls(**{**value, **tuples})


def draw(
    paths: Sequence[str], geometry: Mapping[str, Any] | None, mask: Mapping[str, Any] | None, out: str
) -> dict[str, Any]:
    """Write `out/volume` (little-endian int16) and, with a mask, `out/mask` (uint8), both (slices, rows, columns) as they hang in
    the radiological convention.

    `geometry` is the stored decision of `concours.imaging`, None for exams older than it; `mask` is `{"path",
    "values"}`. Returns `PictureFacts` as JSON.
    """
    image = geometry_of_files(paths) if geometry is None else Geometry.from_json(geometry)
    turn = upright(image)
    stored = load_volume(paths, image, compact=True).array if image.is_array else load_picture(paths, image)
    array = turn.apply(stored)  # a view: of a large CT there is memory for little more than the volume itself
    slope, inter = _line(array)
    with (Path(out) / "volume").open("wb") as file:
        for plane in array:
            file.write(np.rint(plane * np.float32(slope) + np.float32(inter)).astype("<i2").tobytes())
    header = _middle(paths, image)
    centre, width = _window(header, array)
    labels, fault = _labels(image, mask)
    if labels is not None:
        with (Path(out) / "mask").open("wb") as file:
            for plane in turn.apply(labels):
                file.write(np.ascontiguousarray(plane).tobytes())
    spacing = image.spacing or (1.0, 1.0, 1.0)
    slices, rows, columns = array.shape
    facts = PictureFacts(
        shape=(slices, rows, columns),
        spacing=tuple(spacing[axis] for axis in turn.axes),
        window=(centre * slope + inter, width * slope),
        orientation=letters(image),
        units=image.units if (slope, inter) == (1.0, 0.0) else "",
        inverted=str(dicom.element(header, "PhotometricInterpretation")) == "MONOCHROME1",
        has_mask=labels is not None,
        mask_fault=fault,
    )
    return asdict(facts)


def _middle(paths: Sequence[str], image: Geometry) -> Any:
    """The object that holds the middle slice: its window is the one that the console chose for the body."""
    file = image.slices[len(image.slices) // 2].file
    path = next(path for path in map(Path, paths) if path.name == file)
    return dicom.load(path.read_bytes(), path.name)


def _line(array: NDArray[Any]) -> tuple[float, float]:
    """Slope and intercept that make whole numbers of 16 bits; 1 and 0 where rounding the values is good enough."""
    low, high = float(array.min()), float(array.max())
    fits = low >= -LARGEST and high <= LARGEST
    if fits and (high - low >= COARSE or all(np.array_equal(np.rint(plane), plane) for plane in array)):
        return 1.0, 0.0
    slope = STRETCHED / (high - low) if high > low else 1.0
    return slope, -low * slope


def _window(dataset: Any, array: NDArray[Any]) -> tuple[float, float]:
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


def _labels(image: Geometry, mask: Mapping[str, Any] | None) -> tuple[NDArray[np.uint8] | None, str]:
    """The mask in (i, j, k), or why it cannot be drawn: nobody should grade an exam and believe that it has no mask."""
    if mask is None:
        return None, ""
    try:
        labels = label_array(read_mask(Path(mask["path"]).read_bytes(), image, mask["values"]), image)
    except FormatError as error:
        return None, error.faults[0].message
    return (labels.T[:, :, None] if labels.ndim == 2 else labels), ""

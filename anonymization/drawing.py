"""Runs in a limited child: one frame as a PNG that a person looks at, boxes drawn. Plain: a path in, bytes out."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from concours.deid.pixel_text.display import displayed
from concours.formats import dicom
from concours.formats.arrays import Array
from concours.formats.fault import gettext_noop, refuse
from concours.formats.json import Json

NO_FRAME = gettext_noop("%(name)s: there is no such frame.")
SOFT_TISSUE = (40.0, 400.0)  # HU, centre and width
FLAT = 16  # grey levels
YELLOW, BLACK = (255, 214, 10), (0, 0, 0)


def _windowed(dataset: Dataset, pixels: Array, photometric: str) -> NDArray[np.uint8]:
    """Grey values through the file's own window, a CT without one through that of soft tissue; all else as `displayed` has it."""
    centre, width = (_first(dicom.element(dataset, keyword)) for keyword in ("WindowCenter", "WindowWidth"))
    if str(dicom.element(dataset, "Modality") or "") == "CT" and not width:
        centre, width = SOFT_TISSUE
    if pixels.ndim != 2 or centre is None or not width or not photometric.startswith("MONOCHROME"):
        return displayed(pixels, photometric)
    slope, intercept = (_first(dicom.element(dataset, keyword)) for keyword in ("RescaleSlope", "RescaleIntercept"))
    values = pixels.astype(np.float32) * (slope or 1.0) + (intercept or 0.0)
    grey = ((values - centre) / width * 255 + 127.5).clip(0, 255).astype(np.uint8)
    if int(grey.max()) - int(grey.min()) < FLAT:  # nothing to see through this window: the values lie elsewhere
        return displayed(pixels, photometric)
    return 255 - grey if photometric == "MONOCHROME1" else grey


def _first(value: Json) -> float | None:
    value = value[0] if isinstance(value, MultiValue | list) and value else value
    try:
        return float(value) if value not in (None, "") else None
    except (TypeError, ValueError):
        return None


def draw(path: str, frame: int, boxes: Sequence[Mapping[str, Json]], side: int) -> bytes:
    """PNG of frame `frame` (from 0), the longer side at most `side` pixels; boxes are half-open columns and rows of the frame."""
    dataset = dicom.load(Path(path).read_bytes(), Path(path).name)
    pixels = next(islice(dicom.frames(dataset, "file"), frame, None), None)
    if pixels is None:
        raise refuse("no_pixels", "file", NO_FRAME, name="file")
    photometric = str(dicom.element(dataset, "PhotometricInterpretation") or "MONOCHROME2")
    image = Image.fromarray(_windowed(dataset, np.asarray(pixels), photometric)).convert("RGB")
    scale = min(1.0, side / max(image.size))
    if scale < 1:
        image = image.resize(
            (max(1, round(image.width * scale)), max(1, round(image.height * scale))), Image.Resampling.LANCZOS
        )
    pen = ImageDraw.Draw(image)
    for box in boxes:
        (left, right), (top, bottom) = box["columns"], box["rows"]
        corners = [left * scale - 2, top * scale - 2, right * scale + 2, bottom * scale + 2]
        pen.rectangle(corners, outline=BLACK, width=4)  # two tones, so that it shows on bright and on dark
        pen.rectangle(corners, outline=YELLOW, width=2)
    out = io.BytesIO()
    image.save(out, format="PNG")
    return out.getvalue()

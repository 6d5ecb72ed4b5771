"""Runs in a limited child: one frame as a PNG that a person looks at, boxes drawn. Plain: a path in, bytes out."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from anonymization.deid.pixel_text.display import displayed
from formats import dicom
from formats.fault import gettext_noop, refuse

NO_FRAME = gettext_noop("%(name)s: there is no such frame.")
YELLOW, BLACK = (255, 214, 10), (0, 0, 0)


def draw(path: str, frame: int, boxes: Sequence[Mapping[str, Any]], side: int) -> bytes:
    """PNG of frame `frame` (from 0), the longer side at most `side` pixels; boxes are half-open columns and rows of the frame."""
    dataset = dicom.load(Path(path).read_bytes(), Path(path).name)
    pixels = next(islice(dicom.frames(dataset, "file"), frame, None), None)
    if pixels is None:
        raise refuse("no_pixels", "file", NO_FRAME, name="file")
    photometric = str(dicom.element(dataset, "PhotometricInterpretation") or "MONOCHROME2")
    image = Image.fromarray(displayed(np.asarray(pixels), photometric)).convert("RGB")
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

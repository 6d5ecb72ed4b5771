"""Runs in a limited child: draws a mask on the slice where it is largest, as a PNG for the person who decides. Takes paths."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from concours.formats.arrays import Array
from concours.formats.json import Json
from concours.imaging import Geometry, geometry_of_files, load_picture, load_volume, upright
from concours.imaging.masks import label_array, read_mask

YELLOW = np.array((255, 214, 10), np.uint8)
SHOWN = (0.5, 99.5)  # per cent of the slice's values that the grey scale holds
SMALLEST = 384  # pixels of the longer side: a small picture is shown larger


def draw_mask(
    paths: Sequence[str], geometry: Mapping[str, Json] | None, mask: str, values: Sequence[int], name: str
) -> bytes:
    """The slice with the most voxels of the mask, as it hangs, with the outline of the mask. Raises FormatError."""
    image = geometry_of_files(paths) if geometry is None else Geometry.from_json(geometry)
    turn = upright(image)
    stored = load_volume(paths, image, compact=True).array if image.is_array else load_picture(paths, image)
    labels = label_array(read_mask(Path(mask).read_bytes(), image, values, name), image)
    volume, drawn = turn.apply(stored), turn.apply(labels) > 0
    place = int(drawn.reshape(drawn.shape[0], -1).sum(axis=1).argmax())
    grey = _grey(np.asarray(volume[place]))
    picture = np.repeat(grey[..., None], 3, axis=2)
    picture[_outline(drawn[place])] = YELLOW
    shown = Image.fromarray(picture)
    scale = max(1, round(SMALLEST / max(shown.size)))
    shown = shown.resize((shown.width * scale, shown.height * scale), Image.Resampling.NEAREST)
    out = io.BytesIO()
    shown.save(out, format="PNG")
    return out.getvalue()


def _grey(values: Array) -> NDArray[np.uint8]:
    """Grey values of one slice; of a picture in colour its mean."""
    plain = values.astype(np.float32)
    plain = plain.mean(axis=-1) if plain.ndim == 3 else plain
    low, high = np.percentile(plain, SHOWN)
    return ((plain - low) / max(high - low, 1e-6) * 255).clip(0, 255).astype(np.uint8)


def _outline(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Voxels of the mask with a neighbour outside of it, by an edge."""
    padded = np.pad(mask, 1)
    inside = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inside

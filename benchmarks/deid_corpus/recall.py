"""Recall of burned-in text by letter height, contrast and accents: names drawn on synthetic tissue, found or not."""

import unicodedata

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.deid_corpus.objects import tissue
from concours.deid.pixel_text.find import find_text

HEIGHTS = (6, 7, 8, 10, 12, 16, 24, 32)
CONTRASTS = (20, 40, 80, 110)
LINES = {
    "plain": ("DUPONT^MARIE", "Kowalczyk Adam", "ID 4471902"),
    "accented": ("LEFÈVRE Zoé", "GARÇON Noël", "MÜLLER Jürgen"),
}
# Strokes of an accent in a field 4 wide and 1 high.
STROKES = {
    "\N{COMBINING GRAVE ACCENT}": ((1, 0, 2.5, 1),),
    "\N{COMBINING ACUTE ACCENT}": ((3, 0, 1.5, 1),),
    "\N{COMBINING DIAERESIS}": ((1, 0.4, 1, 0.9), (3, 0.4, 3, 0.9)),
    "\N{COMBINING CEDILLA}": ((2, 0, 2.5, 0.5), (2.5, 0.5, 1.5, 1)),
}


def recall_table() -> list[str]:
    """Lines of a table: share of text blocks covered by a box of identity or doubt, per letter height (pixels) and
    contrast (grey levels of 256).
    """
    rng = np.random.default_rng(5)
    lines = ["recall of burned-in text, % (letter height in pixels x contrast in grey levels)"]
    for kind, texts in LINES.items():
        lines.append(f"{kind:>10} " + "".join(f"{contrast:>8}" for contrast in CONTRASTS))
        for height in HEIGHTS:
            shares = [
                100 * np.mean([_found(text, height, contrast, rng) for text in texts for _ in range(2)])
                for contrast in CONTRASTS
            ]
            lines.append(f"{height:>10} " + "".join(f"{share:>8.0f}" for share in shares))
    return lines


def _found(text: str, height: int, contrast: int, rng: np.random.Generator) -> bool:
    picture = np.clip(tissue(rng, 256, 384, 10, 160), 0, 255).astype(np.uint8)
    grey = -1.0
    while not 0 <= grey <= 255:  # a place where this contrast holds for every letter
        x, y = int(rng.integers(4, 60)), int(rng.integers(4, 210))
        mask = _letters(text, height, picture.shape, (x, y))
        dark, bright = (float(v) for v in np.percentile(picture[mask], (2, 98)))
        grey = bright + contrast if bright + contrast <= 255 else dark - contrast
        picture = picture if 0 <= grey <= 255 else np.clip(tissue(rng, 256, 384, 10, 160), 0, 255).astype(np.uint8)
    picture[mask] = np.uint8(np.clip(grey, 0, 255))
    rows, columns = np.nonzero(mask)
    covered = np.zeros(picture.shape, dtype=bool)
    for box in find_text(picture):
        if box.verdict != "marker":
            covered[max(0, box.y0 - 2) : box.y1 + 2, max(0, box.x0 - 2) : box.x1 + 2] = True
    return bool(covered[rows, columns].mean() > 0.95)


def _letters(text: str, height: int, shape: tuple[int, ...], at: tuple[int, int]) -> NDArray[np.bool_]:
    """The letters of a text, each accent drawn by strokes: the font that ships with the library has none."""
    image = Image.new("L", (shape[1], shape[0]), 0)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(height * 1.35)
    x, y = at
    for letter in unicodedata.normalize("NFC", text):
        base, *marks = list(unicodedata.normalize("NFD", letter))
        pen.text((x, y), base, fill=255, font=font)
        left, top, right, bottom = pen.textbbox((x, y), base, font=font)
        side, rise = (right - left) / 4, max(2.0, height / 4)
        for mark in marks:
            low = bottom if mark == "\N{COMBINING CEDILLA}" else top - 1 - rise
            for x0, y0, x1, y1 in STROKES[mark]:
                line = (left + x0 * side, low + y0 * rise, left + x1 * side, low + y1 * rise)
                pen.line(line, fill=255, width=max(1, height // 12))
        x += round(pen.textlength(base, font=font))
    return np.asarray(image) > 127

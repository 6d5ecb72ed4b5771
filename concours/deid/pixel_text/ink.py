"""Finds the ink of a line of drawn letters on unquiet ground: software draws writing in one grey, which tissue never keeps to."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from concours.deid.pixel_text.box import TextBox

SHARE_OF_INK = 0.05
"""Letters fill 8 to 30 % of their box; below this no grey is taken for ink."""
MOST_INK = 0.5
MARGIN = 0.7  # of its height: what the detector adds at most to the ends of a box
FAINT = 10  # greys: less than that from the ground is no letter's ink but a quiet ground's own
EDGE = 6  # a hyphen lies outside the upper and the lower sixth of its line
LETTER = 5  # pixels of one grey that hang together; a coincidence in tissue has fewer
_EIGHT = np.ones((3, 3), dtype=np.int8)


@dataclass(frozen=True)
class Inked:
    """A box fitted to its ink, and the boxes of letters in the same ink that follow it on the line, left and right."""

    box: TextBox
    ink: int
    beyond: tuple[TextBox, ...] = ()


def fit_to_ink(box: TextBox, grey: NDArray[np.uint8]) -> Inked | None:
    """The box drawn in to its letters, where one grey stands out inside it; None where none does.

    `grey`: the frame as displayed, shape (rows, columns), 0 to 255.
    """
    crop = grey[box.y0 : box.y1, box.x0 : box.x1]
    ink = _ink_of(crop)
    if ink is None:
        return None
    letters = _letters(crop == ink)
    rows = _line_of(np.asarray(letters.any(axis=1)), 1)
    if rows is None or rows[1] - rows[0] < 4:
        return None
    columns = np.flatnonzero(letters[rows[0] : rows[1]].any(axis=0))
    if columns.size < 4 or columns[-1] - columns[0] < 0.3 * crop.shape[1]:
        return None
    top, bottom = _with_accents(crop == ink, rows)
    left, right = int(columns[0]), int(columns[-1]) + 1
    line = crop[top:bottom]
    letter = rows[1] - rows[0]
    fitted = replace(
        box,
        x0=box.x0 + (left if _is_margin(line[:, :left], letter, crop.shape[0]) else 0),
        x1=box.x0 + right if _is_margin(line[:, right:], letter, crop.shape[0]) else box.x1,
        y0=box.y0 + top,
        y1=box.y0 + bottom,
    )
    return Inked(fitted, ink, _followers(fitted, grey, ink))


def _is_margin(rest: NDArray[np.uint8], letter: int, height: int) -> bool:
    """Whether the end of a box is the detector's margin. It is less than a letter's height, more where the box is taller than its
    line; then letters of another grey may stand there, and no grey may stand out.
    """
    return rest.shape[1] <= letter or (
        rest.shape[1] <= MARGIN * height and _ink_of(rest, float(np.median(rest))) is None
    )


def _ink_of(crop: NDArray[np.uint8], ground: float | None = None) -> int | None:
    """The grey that is common in the middle rows and rare at the edge above or below (the other may touch a neighbour); one
    that stands out from `ground` where that is given.
    """
    rim = max(1, crop.shape[0] // 8)
    middle = crop[crop.shape[0] // 4 : -(crop.shape[0] // 4) or None]
    inside = np.bincount(middle.ravel(), minlength=256) / middle.size
    above = np.bincount(crop[:rim].ravel(), minlength=256) / crop[:rim].size
    below = np.bincount(crop[-rim:].ravel(), minlength=256) / crop[-rim:].size
    excess = np.where(inside < MOST_INK, inside - np.minimum(above, below), 0.0)
    if ground is not None:
        excess[np.abs(np.arange(256) - ground) < FAINT] = 0.0
    ink = int(np.argmax(excess))
    around = np.concatenate([inside[max(0, ink - 8) : max(0, ink - 2)], inside[ink + 3 : ink + 9]])
    spike = inside[ink] > 4 * (around.mean() if around.size else 0.0)
    return ink if excess[ink] > SHARE_OF_INK and spike else None


def _letters(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The ink that hangs together in pieces as large as a letter's."""
    labels, count = ndimage.label(ink, _EIGHT)
    if not count:
        return ink
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray((sizes >= LETTER)[labels])


def _line_of(rows: NDArray[np.bool_], gap: int) -> tuple[int, int] | None:
    """The run of inked rows around the middle, gaps of up to `gap` rows bridged: the line itself, not its neighbours."""
    inked = np.flatnonzero(rows)
    if not inked.size:
        return None
    runs = np.split(inked, np.flatnonzero(np.diff(inked) > gap + 1) + 1)
    middle = len(rows) / 2
    longest = max(runs, key=lambda run: (run.size, -abs(float(run.mean()) - middle)))
    return int(longest[0]), int(longest[-1]) + 1


def _with_accents(ink: NDArray[np.bool_], rows: tuple[int, int]) -> tuple[int, int]:
    """The rows of a line with the dots and accents of a pixel or two above and below it."""
    reach = max(2, (rows[1] - rows[0]) // 3)
    labels, _ = ndimage.label(ink, _EIGHT)
    small = (np.bincount(labels.ravel()) >= 2)[labels] & ink
    above = np.flatnonzero(small[max(0, rows[0] - reach) : rows[0]].any(axis=1))
    below = np.flatnonzero(small[rows[1] : rows[1] + reach].any(axis=1))
    top = max(0, rows[0] - reach) + int(above[0]) if above.size else rows[0]
    return top, rows[1] + int(below[-1]) + 1 if below.size else rows[1]


def with_hyphen(box: TextBox, grey: NDArray[np.uint8], ink: int) -> TextBox:
    """The box with a hyphen in its ink within half a letter's height after its end: readers leave it out.

    Only strokes in the middle rows count: one at the edge belongs to a letter of the line above or below.
    """
    height = box.y1 - box.y0
    reach, edge = height // 2, height // EDGE
    labels, _ = ndimage.label(grey[box.y0 : box.y1, box.x1 : box.x1 + reach] == ink, _EIGHT) if reach else (None, 0)
    ends = [
        columns.stop
        for rows, columns in (ndimage.find_objects(labels) if labels is not None and labels.size else [])
        if rows.stop - rows.start <= 2 and rows.start >= edge and rows.stop <= height - edge
        if columns.stop - columns.start >= 3 and columns.stop < reach
    ]
    return replace(box, x1=box.x1 + max(ends)) if ends else box


def _followers(box: TextBox, grey: NDArray[np.uint8], ink: int) -> tuple[TextBox, ...]:
    """What stands on the same line in the same ink, within a letter's height of the last: one box to each side."""
    height = box.y1 - box.y0
    followers = []
    for step in (1, -1):
        edge = start = box.x1 if step > 0 else box.x0
        while True:
            window = (edge, min(grey.shape[1], edge + height)) if step > 0 else (max(0, edge - height), edge)
            pieces = _letter_pieces(grey[box.y0 : box.y1, window[0] : window[1]] == ink, height)
            if not pieces:
                break
            edge = window[0] + (max(end for _, end in pieces) if step > 0 else min(begin for begin, _ in pieces))
        if edge != start:
            followers.append(replace(box, x0=min(edge, start), x1=max(edge, start)))
    return tuple(followers)


def _letter_pieces(ink: NDArray[np.bool_], height: int) -> list[tuple[int, int]]:
    """Columns of the pieces that are as tall as a small letter."""
    if not ink.any():
        return []
    labels, count = ndimage.label(ink, _EIGHT)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    return [
        (where[1].start, where[1].stop)
        for number, where in enumerate(ndimage.find_objects(labels), 1)
        if where[0].stop - where[0].start >= max(4, 0.35 * height) and sizes[number] >= max(LETTER, 0.5 * height)
    ]

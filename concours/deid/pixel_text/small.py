"""Finds small drawn writing without reading it: pieces of one grey, as large as letters, in a row, apart from their ground.

A detector that was trained on larger letters misses some of 6 to 8 pixels. Software draws writing in one grey; in tissue equal
greys do not hang together in pieces of a letter's size that stand in a row, so what is found here is read again, enlarged, and
never let pass unread. Letters with soft edges, and those in images that were compressed with loss, are not of one grey and are
not found here.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

CONTRAST = 10  # greys of 256 between letters and their ground, as displayed
LOWEST, HIGHEST = 3, 14  # pixels, a piece of a letter
WIDEST = 64  # small letters touch
TEXTURE = 3000  # pieces of one grey
FEWEST = 4  # letters in a row
LINE = (5, 16)  # pixels, the height of a line
NEAR_INK = 0.12  # of the pixels beside the letters may have nearly their grey: tissue has many
_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))


@dataclass(frozen=True)
class LetterRow:
    """A row of pieces of one grey: rows `y0:y1`, columns `x0:x1`, half open; `spans` are the rows
    of its letters, from and to."""

    x0: int
    y0: int
    x1: int
    y1: int
    spans: tuple[tuple[int, int], ...]

    @property
    def letters(self) -> int:
        return len(self.spans)

    @property
    def level(self) -> float:
        """The share of letters that are half the row's height and stand on one line to the pixel: most of drawn ones, by chance a
        few."""
        feet = [bottom for top, bottom in self.spans if 2 * (bottom - top) >= self.y1 - self.y0]
        return max(map(feet.count, set(feet)), default=0) / len(self.spans)


def small_rows(grey: NDArray[np.uint8]) -> list[LetterRow]:
    """Rows of what looks like small letters in an 8-bit picture of shape (rows, columns), the longest first."""
    by_ink: dict[int, list[tuple[int, int, int, int]]] = defaultdict(list)
    for ink, *place in _pieces(grey):
        by_ink[ink].append((place[0], place[1], place[2], place[3]))
    rows = [row for ink, pieces in by_ink.items() for row in _rows(pieces) if _stands_out(grey, row, ink)]
    return sorted(rows, key=lambda row: (-row.letters, row.y0, row.x0))


def _pieces(grey: NDArray[np.uint8]) -> list[tuple[int, int, int, int, int]]:
    """(grey, x0, y0, x1, y1) of connected pixels of equal grey that are as large as letters, where contrast is high."""
    high = ndimage.maximum_filter(grey, 3).astype(np.int16) - ndimage.minimum_filter(grey, 3) >= CONTRAST
    rows, columns = grey.shape
    number = np.full(grey.shape, -1, np.int64)
    count = int(high.sum())
    number[high] = np.arange(count)
    pairs = []
    for down, right in _STEPS:
        shifted = number[: rows - down, max(0, -right) : columns - max(0, right)]
        other = number[down:, max(0, right) : columns + min(0, right)]
        same = (shifted >= 0) & (other >= 0)
        same &= (
            grey[: rows - down, max(0, -right) : columns - max(0, right)]
            == grey[down:, max(0, right) : columns + min(0, right)]
        )
        pairs.append(np.stack([shifted[same], other[same]]))
    first, second = np.concatenate(pairs, axis=1)
    if not first.size:
        return []
    graph = coo_matrix((np.ones(first.size, np.bool_), (first, second)), (count, count))
    _, labels = connected_components(graph, directed=False)
    sizes = np.bincount(labels)
    fitting = np.flatnonzero((sizes[labels] >= 4) & (sizes[labels] <= HIGHEST * WIDEST // 2))
    order = fitting[np.argsort(labels[fitting], kind="stable")]
    if not order.size:
        return []
    starts = np.flatnonzero(np.r_[True, np.diff(labels[order]) != 0])
    y, x = (axis[order] for axis in np.nonzero(high))
    box = [np.minimum.reduceat(x, starts), np.minimum.reduceat(y, starts)]
    box += [np.maximum.reduceat(x, starts) + 1, np.maximum.reduceat(y, starts) + 1]
    height, width = box[3] - box[1], box[2] - box[0]
    good = (height >= LOWEST) & (height <= HIGHEST) & (width <= WIDEST)
    inks = grey[y[starts], x[starts]]
    return list(zip(*(column[good].tolist() for column in (inks, *box)), strict=True))


def _rows(pieces: list[tuple[int, int, int, int]]) -> list[LetterRow]:
    """Pieces that follow each other within a letter's width, on one line. Thousands of one grey are a texture."""
    if len(pieces) > TEXTURE:
        return []
    open_rows: list[LetterRow] = []
    letter_rows: list[LetterRow] = []
    for piece in sorted(pieces):
        x0, y0, x1, y1 = piece
        still_open = []
        joined = False
        for row in open_rows:
            height = max(row.y1 - row.y0, y1 - y0)
            if x0 - row.x1 > 1.6 * height + 2:
                if x0 - row.x1 > 2 * LINE[1]:
                    letter_rows.append(row)
                    continue
            elif not joined and _on_line(row, y0, y1):
                row = LetterRow(row.x0, min(row.y0, y0), max(row.x1, x1), max(row.y1, y1), row.spans + _spans(piece))
                joined = True
            still_open.append(row)
        open_rows = still_open if joined else [*still_open, LetterRow(x0, y0, x1, y1, _spans(piece))]
    return [
        row
        for row in (*letter_rows, *open_rows)
        if row.letters >= FEWEST and row.y1 - row.y0 >= LINE[0] and row.x1 - row.x0 >= 2.5 * (row.y1 - row.y0)
    ]


def _on_line(row: LetterRow, y0: int, y1: int) -> bool:
    """Whether a piece of these rows stands on the row's line."""
    overlap = min(row.y1, y1) - max(row.y0, y0)
    return 2 * overlap >= min(row.y1 - row.y0, y1 - y0) and max(row.y1, y1) - min(row.y0, y0) <= LINE[1]


def _spans(piece: tuple[int, int, int, int]) -> tuple[tuple[int, int], ...]:
    """The rows of a piece, once for each letter that it is wide."""
    return ((piece[1], piece[3]),) * max(1, round((piece[2] - piece[0]) / (piece[3] - piece[1])))


def _stands_out(grey: NDArray[np.uint8], row: LetterRow, ink: int) -> bool:
    """Whether the pieces differ from what is between them, by contrast and by having no pixels of nearly their grey around."""
    crop = grey[row.y0 : row.y1, row.x0 : row.x1].astype(np.int16)
    away = np.abs(crop[crop != ink] - ink)
    return bool(away.size and np.median(away) >= CONTRAST and (away <= 4).mean() <= NEAR_INK)

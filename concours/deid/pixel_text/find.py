"""Finds the writing in one frame: detection, recognition, then judgement, in that order."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from concours.deid.pixel_text.box import TextBox
from concours.deid.pixel_text.display import displayed
from concours.deid.pixel_text.ink import Inked, fit_to_ink, with_hyphen
from concours.deid.pixel_text.ocr import TextLine, read_lines, read_strip
from concours.deid.pixel_text.small import LetterRow, small_rows
from concours.deid.pixel_text.wording import judge_text

TILE = 1536
OVERLAP = 256
MUCH_TILT = 3.0  # pixels
READINGS = 3
READABLE = 0.5
ENLARGED = 3
WHOLE, PART = 0.9, 0.5  # of a row of small letters that a box covers
A_GUESS = 0.3  # asked of the reading of a row that is as short as can be
FEWEST_LETTERS, LEVEL = 7, 0.8  # of a row that is no chance of tissue, whatever is read there
MOST_ROWS = 40  # are read; a page with more that the detector left out goes to a person


def find_text(
    pixels: NDArray[np.generic], *, photometric: str = "MONOCHROME2", identifiers: Sequence[str] = (), frame: int = 0
) -> list[TextBox]:
    """Writing in one frame of shape (rows, columns) or (rows, columns, samples), any integer type.

    `photometric` is PhotometricInterpretation **of the array given** (RGB when the decoder has converted). `known`
    are identifiers of the person, matched despite reading errors. Returned boxes are in pixels of the frame; tissue
    that only looks like writing is left out.
    """
    picture = displayed(pixels, photometric)
    boxes: list[TextBox] = []
    covered = picture
    for _ in range(READINGS):
        judged = [
            box for line in _lines(covered) if (box := _judged(line, picture.shape[:2], identifiers, frame)) is not None
        ]
        fitted = [_fitted(box, picture) for box in judged]
        boxes = _spread_identity(_without_twins(boxes + fitted))
        if not any(box.verdict == "identity" for box in fitted):
            break
        covered = _cover(picture, boxes)  # what stood beside or between may now be told from the rest
    # eight bits as they are: stretching them would give bright letters and bright tissue one grey
    exact = pixels if pixels.ndim == 2 and pixels.dtype == np.uint8 else picture
    small = _small_writing(np.asarray(exact, np.uint8), picture, boxes, identifiers, frame)
    return _spread_identity(_without_twins(boxes + small)) if small else boxes


def _small_writing(
    exact: NDArray[np.uint8],
    picture: NDArray[np.uint8],
    boxes: Sequence[TextBox],
    identifiers: Sequence[str],
    frame: int,
) -> list[TextBox]:
    """Rows of small letters that the detector left out or cut short, read enlarged. Letters that stand on one line but
    cannot be read are uncertain, so that a person looks; other rows that cannot be read are tissue by chance.
    """
    writing: list[TextBox] = []
    for number, row in enumerate(small_rows(exact if exact.ndim == 2 else exact.max(axis=2))):
        box = TextBox(frame, row.x0, row.y0, row.x1, row.y1, "uncertain", 0.0)
        reached = [(other, _covered_share(box, other)) for other in (*boxes, *writing)]
        if any(share >= WHOLE for _, share in reached):
            continue
        drawn = row.letters >= FEWEST_LETTERS and row.level >= LEVEL
        cut_short = next((other for other, share in reached if share > PART and other.verdict == "identity"), None)
        if cut_short is not None and not drawn:
            continue
        if cut_short is not None:
            writing.append(replace(box, verdict="identity", confidence=cut_short.confidence, text=cut_short.text))
            continue
        if number >= MOST_ROWS:
            return [*writing, replace(box, confidence=READABLE)]
        text, confidence = read_strip(_enlarged(picture, row))
        reading = judge_text(text, confidence, identifiers)
        if reading == "identity" or (reading == "marker" and 2 * _signs(text) >= row.letters):
            writing.append(replace(box, verdict=reading, confidence=confidence, text=text))
        elif reading == "uncertain" or (drawn and (row.letters > FEWEST_LETTERS or confidence >= A_GUESS)):
            writing.append(replace(box, confidence=confidence, text=text))
    return writing


def _enlarged(picture: NDArray[np.uint8], row: LetterRow) -> NDArray[np.uint8]:
    """The row with a margin, as large as the reader likes its letters."""
    crop = picture[max(0, row.y0 - 3) : row.y1 + 3, max(0, row.x0 - 4) : row.x1 + 4]
    size = (crop.shape[1] * ENLARGED, crop.shape[0] * ENLARGED)
    return np.asarray(Image.fromarray(crop).resize(size, Image.Resampling.BICUBIC))


def _cover(picture: NDArray[np.uint8], boxes: Iterable[TextBox]) -> NDArray[np.uint8]:
    covered = picture.copy()
    for box in boxes:
        if box.verdict == "identity":
            covered[box.y0 : box.y1, box.x0 : box.x1] = np.median(
                picture[box.y0 : box.y1, box.x0 : box.x1], axis=(0, 1)
            )
    return covered


def _lines(picture: NDArray[np.uint8]) -> Iterator[TextLine]:
    """Lines of the whole picture; a large one is read in overlapping tiles, and once reduced for very large letters."""
    rows, columns = picture.shape[:2]
    if max(rows, columns) <= TILE + OVERLAP:
        for line in read_lines(picture):
            yield _levelled(line, picture)
        return
    for top in _starts(rows):
        for left in _starts(columns):
            for line in read_lines(picture[top : top + TILE, left : left + TILE]):
                yield _moved(line, left, top, 1)
    step = -(-max(rows, columns) // TILE)
    for line in read_lines(np.ascontiguousarray(picture[::step, ::step])):
        yield _moved(line, 0, 0, step)


def _levelled(line: TextLine, picture: NDArray[np.uint8]) -> TextLine:
    """A line that seems to stand askew: where the level strip through its middle reads the same, the tilt was the
    detector's, not the writing's (on unquiet ground it tilts level lines and its upright box would blank too much)."""
    if line.tilt < MUCH_TILT or line.x1 - line.x0 < line.y1 - line.y0:
        return line
    middle, half = (line.y0 + line.y1) / 2, line.thickness / 2
    top, bottom = max(0, int(middle - half)), min(picture.shape[0], int(middle + half) + 1)
    if bottom - top < 6 or bottom - top >= line.y1 - line.y0:
        return line
    text, _ = read_strip(picture[top:bottom, line.x0 : line.x1])
    if SequenceMatcher(None, text, line.text, autojunk=False).ratio() < 0.9:
        return line
    return replace(line, y0=top, y1=bottom)


def _starts(length: int) -> list[int]:
    if length <= TILE:
        return [0]
    return [*range(0, length - TILE, TILE - OVERLAP), length - TILE]


def _moved(line: TextLine, left: int, top: int, step: int) -> TextLine:
    return replace(
        line,
        x0=line.x0 * step + left,
        x1=line.x1 * step + left,
        y0=line.y0 * step + top,
        y1=line.y1 * step + top,
    )


def _judged(line: TextLine, shape: tuple[int, ...], identifiers: Iterable[str], frame: int) -> TextBox | None:
    reading = judge_text(line.text, line.confidence, identifiers)
    if reading == "noise" or not _shaped_like_writing(line, shape):
        return None
    return TextBox(frame, line.x0, line.y0, line.x1, line.y1, reading, line.confidence, line.text)


def _fitted(box: TextBox, picture: NDArray[np.uint8]) -> TextBox:
    """The box fitted to its ink: drawn in on a quiet ground, and carried on along the line while letters of the same grey
    follow.

    Ground and its unrest are measured on the rim; where the unrest comes near the contrast of the letters the box stays as
    it was found.
    """
    grey = picture if picture.ndim == 2 else picture.max(axis=2)
    crop = grey[box.y0 : box.y1, box.x0 : box.x1].astype(np.float32)
    if min(crop.shape) < 5 or crop.shape[0] > crop.shape[1]:
        return box
    if (inked := fit_to_ink(box, grey)) is not None:
        return _joined(inked, picture)
    rim = np.concatenate([crop[0], crop[-1]])
    ground = float(np.median(rim))
    unrest = 1.4826 * float(np.median(np.abs(rim - ground)))
    bright = float(np.percentile(crop, 98)) - ground
    dark = float(np.percentile(crop, 2)) - ground
    contrast = bright if bright >= -dark else dark
    like_ink = np.abs(rim - (ground + contrast)) <= 0.25 * abs(contrast)
    if like_ink.mean() > 0.02 or abs(contrast) < 8:
        return box
    threshold = max(6.0 * unrest, 0.06 * abs(contrast), 4.0)
    longer = _carried_on(box, grey, ground + contrast, abs(contrast))
    if threshold > 0.25 * abs(contrast) or longer != box:
        return longer
    ink = np.abs(crop - ground) > threshold
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if rows.size < 4 or columns.size < 4:
        return box
    return replace(
        box,
        x0=box.x0 + int(columns[0]),
        x1=box.x0 + int(columns[-1]) + 1,
        y0=box.y0 + int(rows[0]),
        y1=box.y0 + int(rows[-1]) + 1,
    )


def _joined(inked: Inked, picture: NDArray[np.uint8]) -> TextBox:
    """The fitted box with what follows in the same ink, where the reader reads more signs in the longer strip."""
    box = inked.box
    for more in inked.beyond:
        longer = replace(box, x0=min(box.x0, more.x0), x1=max(box.x1, more.x1))
        # The strip of the box itself is read too: two cuts of one line may differ by an accented letter.
        shorter, _ = _read_strip_of(box, picture)
        text, confidence = _read_strip_of(longer, picture)
        if confidence >= READABLE and _signs(text) > min(_signs(shorter), _signs(box.text)):
            box = replace(longer, text=text)
    return with_hyphen(box, picture if picture.ndim == 2 else picture.max(axis=2), inked.ink)


def _read_strip_of(box: TextBox, picture: NDArray[np.uint8]) -> tuple[str, float]:
    return read_strip(picture[max(0, box.y0 - 2) : box.y1 + 2, box.x0 : box.x1])


def _signs(text: str) -> int:
    return sum(c.isalnum() for c in text)


def _carried_on(box: TextBox, grey: NDArray[np.uint8], ink: float, contrast: float) -> TextBox:
    """The box made longer to either side while columns with at least two pixels of the ink's grey follow within one letter
    height.
    """
    band = np.abs(grey[box.y0 : box.y1].astype(np.float32) - ink) <= 0.15 * contrast
    inky = band.sum(axis=0) >= 2
    gap = max(4, box.height)
    right = box.x1
    while (more := np.flatnonzero(inky[right : right + gap])).size:
        right += int(more[-1]) + 1
    left = box.x0
    while (more := np.flatnonzero(inky[max(0, left - gap) : left])).size:
        left = max(0, left - gap) + int(more[0])
    return replace(box, x0=left, x1=right)


def _shaped_like_writing(line: TextLine, shape: tuple[int, ...]) -> bool:
    """Letters are about as wide as half their height and no line fills the picture: anatomy read as a letter or two
    fails this.
    """
    width, height = line.x1 - line.x0, line.y1 - line.y0
    long_side, short_side = max(width, height), min(width, height)
    signs = max(1, sum(not c.isspace() for c in line.text))
    advance = long_side / signs / short_side
    if signs == 1:
        return short_side < 0.15 * min(shape) and advance < 2.5
    return 0.15 <= advance <= 2.0 and short_side <= 0.3 * min(shape)


def _without_twins(boxes: list[TextBox]) -> list[TextBox]:
    """Of boxes that cover each other (tiles overlap) the surest of the most cautious verdict stays."""
    caution = {"identity": 0, "uncertain": 1, "marker": 2}
    distinct: list[TextBox] = []
    for box in sorted(boxes, key=lambda b: (caution[b.verdict], -b.confidence)):
        if all(_covered_share(box, other) < 0.8 for other in distinct):
            distinct.append(box)
    return sorted(distinct, key=lambda b: (b.y0, b.x0))


def _covered_share(box: TextBox, by: TextBox) -> float:
    width = min(box.x1, by.x1) - max(box.x0, by.x0)
    height = min(box.y1, by.y1) - max(box.y0, by.y0)
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / ((box.x1 - box.x0) * (box.y1 - box.y0))


def _spread_identity(boxes: list[TextBox]) -> list[TextBox]:
    """An uncertain line that stands in one block with identity belongs to it, and so does anything on the same line close
    by.
    """
    identities = [box for box in boxes if box.verdict == "identity"]
    return [
        replace(box, verdict="identity")
        if any(
            (box.verdict == "uncertain" and _same_block(box, other)) or _same_line(box, other) for other in identities
        )
        else box
        for box in boxes
    ]


def _same_line(box: TextBox, other: TextBox) -> bool:
    shared = min(box.y1, other.y1) - max(box.y0, other.y0)
    gap = max(box.x0, other.x0) - min(box.x1, other.x1)
    return shared > 0.6 * min(box.y1 - box.y0, other.y1 - other.y0) and gap < max(box.height, other.height)


def _same_block(box: TextBox, other: TextBox) -> bool:
    line = max(box.height, other.height)
    gap_rows = max(box.y0, other.y0) - min(box.y1, other.y1)
    gap_columns = max(box.x0, other.x0) - min(box.x1, other.x1)
    similar = 0.5 <= box.height / max(1, other.height) <= 2.0
    return similar and gap_rows < line and gap_columns < 2 * line

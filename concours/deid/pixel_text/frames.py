"""Examines the frames of one object in turn; writing that stands still is read once and followed from frame to
frame.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from concours.deid.pixel_text.box import TextBox
from concours.deid.pixel_text.display import displayed
from concours.deid.pixel_text.find import find_text

SAME_CROP = 6.0  # mean difference of grey levels of 256 below which a crop shows the same writing


@dataclass
class Examination:
    """What was found: boxes of all verdicts, and how many frames were examined."""

    frames_examined: int = 0
    boxes: list[TextBox] = field(default_factory=list)

    @property
    def identity(self) -> list[TextBox]:
        return [box for box in self.boxes if box.verdict == "identity"]

    @property
    def uncertain(self) -> list[TextBox]:
        return [box for box in self.boxes if box.verdict == "uncertain"]

    def in_frame(self, frame: int) -> list[TextBox]:
        return [box for box in self.boxes if box.frame == frame]


def examine_frames(
    frames: Iterable[tuple[int, NDArray[np.generic]]],
    *,
    photometric: str = "MONOCHROME2",
    identifiers: Sequence[str] = (),
) -> Examination:
    """Examine (index, pixels) pairs, one frame in memory at a time.

    Identity read in one frame is also marked in the frames before and after it where the same place shows the same
    picture, so that a letter lost in the noise of one frame is blanked there as well. Identical frames are read once.
    """
    examination = Examination()
    seen: dict[int, list[TextBox]] = {}
    shown: list[tuple[int, NDArray[np.uint8]]] = []
    for index, pixels in frames:
        examination.frames_examined += 1
        fingerprint = hash(pixels.tobytes())
        if fingerprint in seen:
            boxes = [replace(box, frame=index) for box in seen[fingerprint]]
        else:
            boxes = find_text(pixels, photometric=photometric, identifiers=identifiers, frame=index)
            seen[fingerprint] = boxes
        examination.boxes.extend(boxes)
        picture = displayed(pixels, photometric)
        shown.append((index, picture if picture.ndim == 2 else picture.mean(axis=2).astype(np.uint8)))
    if len(shown) > 1:
        examination.boxes.extend(_still_writing(examination.boxes, shown))
        examination.boxes.sort(key=lambda box: (box.frame, box.y0, box.x0))
    return examination


def _still_writing(boxes: Sequence[TextBox], shown: Sequence[tuple[int, NDArray[np.uint8]]]) -> list[TextBox]:
    pictures = dict(shown)
    places: dict[tuple[int, int], list[TextBox]] = {}
    for box in boxes:
        if box.verdict == "identity":
            places.setdefault((box.y0 // 4, box.x0 // 4), []).append(box)
    added = []
    for standing in places.values():
        model = max(standing, key=lambda box: box.confidence)
        pattern = _crop(pictures[model.frame], model)
        marked = {box.frame for box in boxes if box.verdict == "identity" and _overlap(box, model)}
        for index, picture in shown:
            if index not in marked and np.abs(_crop(picture, model) - pattern).mean() < SAME_CROP:
                added.append(replace(model, frame=index))
    return added


def _crop(picture: NDArray[np.uint8], box: TextBox) -> NDArray[np.float32]:
    return picture[box.y0 : box.y1, box.x0 : box.x1].astype(np.float32)


def _overlap(box: TextBox, other: TextBox) -> bool:
    return box.x0 < other.x1 and other.x0 < box.x1 and box.y0 < other.y1 and other.y0 < box.y1

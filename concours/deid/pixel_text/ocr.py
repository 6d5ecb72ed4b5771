"""The optical reader: rapidocr with the models of its own wheel, offline, one thread, silent, made at first use."""

import logging
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PARAMETERS: dict[str, Any] = {
    "Global.log_level": "critical",
    "Global.text_score": 0.0,  # we judge the confidence ourselves
    "Global.max_side_len": 4096,
    "Det.limit_type": "max",  # never enlarge: enlarged tissue looks like writing, and costs twice as much
    "Det.limit_side_len": 4096,
    "Det.thresh": 0.2,  # faint writing is found, and what is no writing is sorted out after recognition
    "Det.box_thresh": 0.3,
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}
_lock = threading.Lock()
_reader: Any = None


@dataclass(frozen=True)
class TextLine:
    """What was read inside one upright rectangle (half open, pixels) with the recogniser's confidence, 0 to 1."""

    x0: int
    y0: int
    x1: int
    y1: int
    text: str
    confidence: float
    tilt: float = 0.0  # pixels by which one end of the detected quadrilateral stands higher than the other
    thickness: float = 0.0  # pixels across the quadrilateral, at right angles to the writing

    def __repr__(self) -> str:
        return f"Line({self.x0}, {self.y0}, {self.x1}, {self.y1})"


def _get_reader() -> Any:
    global _reader
    if _reader is None:
        from rapidocr import RapidOCR  # half a gigabyte with its models: paid by those who read pixels only

        logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
        _reader = RapidOCR(params=_PARAMETERS)
        logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    return _reader


def read_lines(image: NDArray[np.uint8]) -> list[TextLine]:
    """Everything that looks like a line of writing in an 8-bit image of shape (rows, columns) or (rows, columns, 3)."""
    if min(image.shape[:2]) < 8:
        return []
    with _lock:  # the library keeps state between detection and recognition
        answer = _get_reader()(np.ascontiguousarray(image))
    if answer.boxes is None or answer.txts is None:
        return []
    rows, columns = image.shape[:2]
    lines = []
    for corners, text, confidence in zip(answer.boxes, answer.txts, answer.scores, strict=True):
        x0, y0 = np.floor(corners.min(axis=0)).astype(int)
        x1, y1 = np.ceil(corners.max(axis=0)).astype(int) + 1
        tilt = abs(float(corners[0][1] - corners[1][1]))
        place = (max(0, int(x0)), max(0, int(y0)), min(columns, int(x1)), min(rows, int(y1)))
        thickness = float(np.hypot(*(corners[3] - corners[0])))
        lines.append(TextLine(*place, text, float(confidence), tilt, thickness))
    return lines


def read_strip(strip: NDArray[np.uint8]) -> tuple[str, float]:
    """(text, confidence) of a strip that holds one level line and nothing else; detection is left out."""
    with _lock:
        answer = _get_reader()(np.ascontiguousarray(strip), use_det=False, use_cls=False, use_rec=True)
        _get_reader().update_params(use_det=True, use_cls=True)  # the library remembers what the last call left out
    if not answer.txts:
        return "", 0.0
    return str(answer.txts[0]), float(answer.scores[0])

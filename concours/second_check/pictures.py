"""Decodes what can be seen (frames, overlays, icons), reads it optically, and looks at the bits that cannot be seen."""

import io
import logging
import re
import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from concours.second_check import tags
from concours.second_check.dicom_tokens import DicomFile, LeafElement, fragments
from concours.second_check.known import SearchedIdentifiers
from concours.second_check.letters import dates_in, words
from concours.second_check.text_rules import family_names, given_names, kind_in_prose

_RECONSTRUCTIONS = (
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.4",
    "1.2.840.10008.5.1.4.1.1.128",
    "1.2.840.10008.5.1.4.1.1.20",
)
_LABELS = ("1.2.840.10008.5.1.4.1.1.66.", "1.2.840.10008.5.1.4.1.1.30", "1.2.840.10008.5.1.4.1.1.481.2")
_LARGEST = 1 << 28  # decoded bytes of one frame
_SURE = 0.75
_lock = threading.Lock()
_reader: Any = None


class DecodedPixels:
    """Top-level image attributes of one file, read from tokens."""

    def __init__(self, parsed: DicomFile) -> None:
        self.parsed = parsed
        self._by_path = {token.path: token for token in parsed.tokens}
        self.rows, self.columns = self.number("(0028,0010)"), self.number("(0028,0011)")
        self.samples = self.number("(0028,0002)") or 1
        self.allocated, self.stored = self.number("(0028,0100)"), self.number("(0028,0101)")
        self.high_bit = self.number("(0028,0102)")
        self.signed = self.number("(0028,0103)") == 1
        self.planar = self.number("(0028,0006)") == 1
        frames = self.text("(0028,0008)")
        self.frames = int(frames) if frames.isdigit() and 0 < int(frames) < 100_000 else 1
        self.photometric = self.text("(0028,0004)").upper()
        self.sop_class = self.text("(0008,0016)")
        self.series = self.text("(0020,000e)")
        self.data = self._by_path.get("(7fe0,0010)")

    def text(self, path: str) -> str:
        token = self._by_path.get(path)
        return bytes(token.value).decode("latin-1").strip("\x00 ") if token else ""

    def number(self, path: str) -> int:
        token = self._by_path.get(path)
        if token is None or len(token.value) < 2:
            return 0
        return int.from_bytes(bytes(token.value[:2]), "little" if self.parsed.little_endian else "big")

    @property
    def frame_bytes(self) -> int:
        return self.rows * self.columns * self.samples * self.allocated // 8

    def frame(self, number: int) -> NDArray[np.generic] | None:
        """One decoded frame, or None when it is not understood."""
        if self.data is None or not self.rows or not self.columns or not 0 < self.frame_bytes < _LARGEST:
            return None
        if self.data.vr == "fragments":
            return self._decoded(number)
        if self.allocated not in (8, 16, 32):
            return None
        raw = bytes(self.data.value[number * self.frame_bytes : (number + 1) * self.frame_bytes])
        if len(raw) < self.frame_bytes:
            return None
        return self._shaped(np.frombuffer(raw, dtype=self._dtype(self.parsed.little_endian)))

    def _dtype(self, little: bool) -> np.dtype[Any]:
        return np.dtype(f"{'<' if little else '>'}{'i' if self.signed else 'u'}{self.allocated // 8}")

    def _shaped(self, flat: NDArray[np.generic]) -> NDArray[np.generic] | None:
        if flat.size != self.rows * self.columns * self.samples:
            return None
        if self.samples == 1:
            return flat.reshape(self.rows, self.columns)
        if self.planar:
            return np.moveaxis(flat.reshape(self.samples, self.rows, self.columns), 0, -1)
        return flat.reshape(self.rows, self.columns, self.samples)

    def _decoded(self, number: int) -> NDArray[np.generic] | None:
        assert self.data is not None
        parts = fragments(self.data.value)[1:]
        if self.frames > 1 and len(parts) != self.frames:
            return None
        code = bytes(parts[number]) if self.frames > 1 else b"".join(bytes(p) for p in parts)
        try:
            return _decode(code, self)
        except (OSError, ValueError, RuntimeError, TypeError, Image.DecompressionBombError):
            return None


def _decode(code: bytes, picture: DecodedPixels) -> NDArray[np.generic] | None:
    if picture.parsed.syntax == "1.2.840.10008.1.2.5":
        return _run_lengths(code, picture)
    if code[:4] == b"\xff\x4f\xff\x51" or code[4:8] == b"jP  ":
        import openjpeg

        return np.asarray(openjpeg.decode(code))
    if picture.parsed.syntax in ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"):
        import jpeg_ls

        return np.asarray(jpeg_ls.decode(np.frombuffer(code, dtype=np.uint8)))
    if picture.parsed.syntax in ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.51"):
        import libjpeg

        return np.asarray(libjpeg.decode(code))
    return np.asarray(Image.open(io.BytesIO(code)))


def _run_lengths(code: bytes, picture: DecodedPixels) -> NDArray[np.generic] | None:
    """DICOM RLE (PS3.5 Annex G): byte planes, the most significant first."""
    count = int.from_bytes(code[:4], "little")
    size = picture.rows * picture.columns
    starts = [int.from_bytes(code[4 + 4 * i : 8 + 4 * i], "little") for i in range(min(count, 15))] + [len(code)]
    planes = []
    for begin, end in pairwise(starts):
        out, position = bytearray(), begin
        while position < end and len(out) < size:
            control = code[position]
            if control < 128:
                out += code[position + 1 : position + 2 + control]
                position += 2 + control
            else:
                if control > 128:
                    out += code[position + 1 : position + 2] * (257 - control)
                position += 2
        planes.append(np.frombuffer(bytes(out[:size]).ljust(size, b"\x00"), dtype=np.uint8))
    depth = picture.allocated // 8
    if len(planes) != depth * picture.samples:
        return None
    samples = []
    for sample in range(picture.samples):
        value = np.zeros(size, dtype=f"<u{depth}")
        for plane in planes[sample * depth : (sample + 1) * depth]:
            value = (value << 8 if depth > 1 else value) | plane
        samples.append(value.reshape(picture.rows, picture.columns))
    return samples[0] if picture.samples == 1 else np.stack(samples, axis=-1)


def unseen_bits(picture: DecodedPixels) -> Iterator[tuple[str, str]]:
    """Bits above BitsStored that are not the sign, and bytes after the last frame, in native pixel data."""
    data = picture.data
    if data is None or data.vr == "fragments" or not picture.frame_bytes:
        return
    total = picture.rows * picture.columns * picture.samples * picture.frames * picture.allocated // 8
    tail = bytes(data.value[total : total + 4096]) if picture.allocated >= 8 else b""
    if len(data.value) - total > 1 and tail.strip(b"\x00"):
        yield "(7fe0,0010) after the last frame", "bytes after the last frame"
    if picture.allocated == 16 and 0 < picture.stored < 16 and picture.high_bit == picture.stored - 1:
        words_ = np.frombuffer(data.value[: total - total % 2], dtype="<u2" if picture.parsed.little_endian else ">u2")
        if words_.size and int(words_.max()) >> picture.stored == 0 and not picture.signed:
            return
        above = words_ >> np.uint16(picture.stored)
        sign = (words_ >> np.uint16(picture.stored - 1)) & np.uint16(1 if picture.signed else 0)
        if (above != sign * np.uint16((1 << (16 - picture.stored)) - 1)).any():
            yield "(7fe0,0010) high bits", "bits above BitsStored"


def codestream_notes(picture: DecodedPixels, identifiers: SearchedIdentifiers) -> Iterator[tuple[str, str]]:
    """Comment and application segments of JPEG, JPEG-LS and JPEG 2000 codestreams that say more than which program wrote
    them.
    """
    if picture.data is None or picture.data.vr != "fragments":
        return
    for number, part in enumerate(fragments(picture.data.value)[1:]):
        for note in _segments(part):
            text = note.decode("latin-1").strip("\x00 ")
            if re.match(r"(?i)created by openjpeg|kakadu|lead|jfif|adobe|dcmtk|charls|mercury|merge", text):
                continue
            if (identifiers and identifiers.kind_in(text)) or re.search(r"\d{5}", text) or kind_in_prose(text):
                yield f"(7fe0,0010) fragment {number}", "note in the codestream"
                return


def _segments(part: memoryview) -> Iterator[bytes]:
    code = bytes(part[: 1 << 16])
    if code[:2] not in (b"\xff\xd8", b"\xff\x4f"):
        return
    position = 2
    while position + 4 <= len(code) and code[position] == 0xFF and code[position + 1] not in (0xDA, 0x90, 0x93, 0xD9):
        size = int.from_bytes(code[position + 2 : position + 4], "big")
        marker = code[position + 1]
        if marker in (0xFE, 0x64) or (0xE0 <= marker <= 0xEF and marker != 0xEE):
            yield code[position + 4 : position + 2 + size]
        position += 2 + size


def writing_in(
    picture: DecodedPixels, identifiers: SearchedIdentifiers, sampled_series: set[str]
) -> Iterator[tuple[str, str]]:
    """Identity read in the frames: first, middle and last; of CT, MR, PET and NM one frame of a series."""
    if picture.data is None or picture.sop_class.startswith(_LABELS):
        return
    numbers = sorted({0, picture.frames // 2, picture.frames - 1})
    needed = _SURE
    if picture.sop_class.startswith(_RECONSTRUCTIONS):
        if picture.series in sampled_series:
            return
        sampled_series.add(picture.series)
        numbers, needed = [picture.frames // 2], 0.85
    for number in numbers:
        frame = picture.frame(number)
        if frame is not None and reads_identity(_grey(frame, picture.photometric), identifiers, needed):
            yield f"(7fe0,0010) frame {number}", "writing in the pixels"
            return


def overlay_findings(picture: DecodedPixels, identifiers: SearchedIdentifiers) -> Iterator[tuple[str, str]]:
    """Overlay planes, drawn out and read; a plane with any legible word is a finding."""
    for token in picture.parsed.tokens:
        if 0x60000000 <= token.tag <= 0x60FFFFFF and token.tag & 0xFFFF == 0x3000 and token.path.startswith("(60"):
            group = f"({token.tag >> 16:04x}"
            rows, columns = picture.number(f"{group},0010)"), picture.number(f"{group},0011)")
            bits = np.unpackbits(np.frombuffer(bytes(token.value), dtype=np.uint8), bitorder="little")
            if not bits.any() or rows * columns == 0 or bits.size < rows * columns:
                continue
            plane = bits[: rows * columns].reshape(rows, columns) * np.uint8(255)
            if reads_identity(plane, identifiers, 0.5, any_word=True):
                yield token.path, "writing in an overlay"


def icon_findings(parsed: DicomFile) -> Iterator[tuple[str, str]]:
    """Any small copy of the image inside a sequence: it shows what the large one showed before cleaning."""
    for token in parsed.tokens:
        if token.tag == tags.PixelData and token.path != "(7fe0,0010)" and len(set(bytes(token.value[:65536]))) > 1:
            yield token.path, "icon image"


def _grey(frame: NDArray[np.generic], photometric: str) -> NDArray[np.uint8]:
    if frame.ndim == 3:
        if photometric.startswith("YBR") and frame.shape[2] == 3 and frame.dtype == np.uint8:
            return np.ascontiguousarray(frame[..., 0] if photometric == "YBR_FULL" else frame.max(axis=2))
        frame = frame.astype(np.float32).max(axis=2)
    grey = frame.astype(np.float32)
    low, high = np.percentile(grey, (0.2, 99.8))
    if high <= low:
        low, high = float(grey.min()), float(grey.max())
    picture: NDArray[np.uint8] = ((grey - low) * (255.0 / max(1e-6, float(high - low)))).clip(0, 255).astype(np.uint8)
    return np.subtract(np.uint8(255), picture) if photometric == "MONOCHROME1" else picture


def reads_identity(
    picture: NDArray[np.uint8], identifiers: SearchedIdentifiers, needed: float, *, any_word: bool = False
) -> bool:
    """True when something read in an 8-bit picture resembles a known identifier, a date, a long number or a name."""
    shortest = min(picture.shape[:2])
    if shortest < 8:
        return False
    if shortest < 160:  # icons and thumbnails only: enlarged tissue reads as letters
        picture = np.kron(picture, np.ones((2, 2), dtype=np.uint8))
    largest = (0.6 if any_word else 0.45) * min(picture.shape[:2])
    return any(
        _tells(text, identifiers, any_word)
        for text, confidence, height in _read(picture)
        if (confidence >= needed and height < largest)
        or (identifiers and confidence >= 0.5 and identifiers.kind_in(text))
    )


def _tells(text: str, identifiers: SearchedIdentifiers, any_word: bool) -> bool:
    if identifiers and identifiers.resembles(text):
        return True
    spelled = [word for word in words(text) if word.isalpha()]
    if any_word and any(len(word) >= 3 for word in spelled):
        return True
    if dates_in(text) or re.search(r"\d{6}", text) or kind_in_prose(text):
        return True
    return ("^" in text and len(spelled) >= 2) or any(
        w in family_names() or w in given_names() for w in spelled if len(w) >= 4
    )


def _read(picture: NDArray[np.uint8]) -> list[tuple[str, float, float]]:
    """(text, confidence, height in pixels) of each line; rapidocr, offline, one thread."""
    global _reader
    with _lock:
        if _reader is None:
            from rapidocr import RapidOCR

            logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
            _reader = RapidOCR(
                params={
                    "Global.log_level": "critical",
                    "Global.text_score": 0.0,
                    "Det.limit_type": "max",
                    "Det.limit_side_len": 2048,
                    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                }
            )
            logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
        answer = _reader(picture)
    if answer.boxes is None or answer.txts is None:
        return []
    return [
        (text, float(confidence), float(min(np.ptp(box[:, 0]), np.ptp(box[:, 1]))))
        for box, text, confidence in zip(answer.boxes, answer.txts, answer.scores, strict=True)
    ]


def tokens_of_pixels(tokens: list[LeafElement]) -> list[LeafElement]:
    return [token for token in tokens if token.tag == tags.PixelData]

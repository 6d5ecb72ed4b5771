"""Opens one de-identified file: header first, then its frames, never more than one of them decoded at a time."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import generate_frames
from pydicom.errors import InvalidDicomError
from pydicom.pixels import get_decoder
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian

from concours.formats.stored import Stored
from concours.inclusion.exam.budget import PixelClaim, PixelsError, check_codestream, check_length, claim_of

PIXEL_TAGS = {(0x7FE0, 0x0008): "float32", (0x7FE0, 0x0009): "float64", (0x7FE0, 0x0010): ""}
UNDEFINED = 0xFFFFFFFF


@dataclass(frozen=True)
class ExamFile:
    """One readable file: `header` without pixels, `claim` what it says of them, `offset` where plain pixels begin in it."""

    file: Stored
    header: Dataset
    claim: PixelClaim
    syntax: UID
    offset: int | None
    kind: str


def open_source(place: Stored) -> ExamFile:
    """Read one file's header and find its pixels; PixelsError with a reason when it cannot be used."""
    with place.open() as file:
        try:
            header = pydicom.dcmread(file, stop_before_pixels=True)
        except InvalidDicomError:
            raise PixelsError("not_dicom", "not a DICOM file") from None
        except Exception as error:
            raise PixelsError("unreadable_file", f"the header cannot be read: {type(error).__name__}") from None
        rest = file.read(12)
        after = file.tell()
    syntax = UID(str(getattr(header.file_meta, "TransferSyntaxUID", "")))
    if not syntax or not syntax.is_transfer_syntax:
        raise PixelsError("unsupported_transfer_syntax", "the transfer syntax is missing or unknown")
    claim = claim_of(header)
    if syntax == DeflatedExplicitVRLittleEndian:
        return ExamFile(place, header, claim, syntax, None, "")
    tag, length, begins = _element(rest, syntax, after)
    if tag not in PIXEL_TAGS:
        raise PixelsError("no_pixels", "there is no pixel data")
    if syntax.is_encapsulated != (length == UNDEFINED):
        raise PixelsError("corrupt_pixels", "the pixel data do not fit the transfer syntax")
    if syntax.is_encapsulated:
        return ExamFile(place, header, claim, syntax, None, "")
    check_length(claim, length)
    if begins + length > place.size + 1:
        raise PixelsError("corrupt_pixels", "the file ends before its pixels do")
    return ExamFile(place, header, claim, syntax, begins, PIXEL_TAGS[tag])


def _element(raw: bytes, syntax: UID, after: int) -> tuple[tuple[int, int], int, int]:
    """Return tag, length and value position of the element whose first 12 bytes are `raw` (PS3.5 7.1)."""
    if len(raw) < 8:
        return (0, 0), 0, after
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    tag = struct.unpack(order + "HH", raw[:4])
    start = after - len(raw)
    if syntax.is_implicit_VR:
        return tag, struct.unpack(order + "I", raw[4:8])[0], start + 8
    if raw[4:6] in (b"OB", b"OW", b"OF", b"OD", b"UN") and len(raw) == 12:
        return tag, struct.unpack(order + "I", raw[8:12])[0], start + 12
    return tag, struct.unpack(order + "H", raw[6:8])[0], start + 8


def frames_of(source: ExamFile) -> Iterator[np.ndarray]:
    """Yield each frame as stored, (rows, columns), colour as its mean; PixelsError where one cannot be decoded."""
    claim = source.claim
    try:
        if source.offset is not None and claim.samples == 1 and claim.bits in (8, 16, 32, 64):
            yield from _plain_frames(source)
            return
        with source.file.open() as file:
            whole = pydicom.dcmread(file)
        yield from _decoded_frames(source, whole)
    except (PixelsError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # a panic inside the RLE codec (pyo3) is no Exception
        raise PixelsError("corrupt_pixels", f"the pixels cannot be decoded: {type(error).__name__}") from None


def _plain_frames(source: ExamFile) -> Iterator[np.ndarray]:
    claim, header = source.claim, source.header
    order: Literal[">", "<"] = ">" if source.syntax == ExplicitVRBigEndian else "<"
    signed = int(header.get("PixelRepresentation", 0) or 0) == 1
    dtype = np.dtype(source.kind or f"{'i' if signed else 'u'}{claim.bits // 8}").newbyteorder(order)
    shape = (claim.frames, claim.rows, claim.columns)
    begins = source.file.offset + (source.offset or 0)
    volume = np.memmap(source.file.path, dtype=dtype, mode="r", offset=begins, shape=shape)
    stored = int(header.get("BitsStored", claim.bits) or claim.bits)
    for frame in volume:
        values = np.asarray(frame)
        yield values if source.kind or stored >= claim.bits else _masked(values, stored, signed)


def _masked(values: np.ndarray, stored: int, signed: bool) -> np.ndarray:
    """Drop what stands above BitsStored: overlays once lived there (PS3.5 8.1.1)."""
    spare = values.dtype.itemsize * 8 - stored
    native = values.astype(values.dtype.newbyteorder("="), copy=False)
    return np.right_shift(np.left_shift(native, spare), spare) if signed else native & ((1 << stored) - 1)


def _decoded_frames(source: ExamFile, whole: FileDataset) -> Iterator[np.ndarray]:
    claim = source.claim
    data: Any = whole.get("PixelData")
    if data is None:
        raise PixelsError("no_pixels", "there is no pixel data")
    if not source.syntax.is_encapsulated:
        check_length(claim, len(data))
    else:
        count = 0
        for count, frame in enumerate(generate_frames(data, number_of_frames=claim.frames), 1):
            check_codestream(claim, source.syntax, frame)
            if count > claim.frames:
                break
        if count != claim.frames:
            raise PixelsError("corrupt_pixels", f"{count} compressed frames where the header says {claim.frames}")
    decoder = get_decoder(source.syntax)
    for array, _ in decoder.iter_array(whole, raw=True):
        yield array.mean(axis=2) if array.ndim == 3 else array

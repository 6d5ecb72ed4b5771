"""DICOM files from strangers: parsed with every length checked first, pixels decoded frame by frame and never by GDCM.

PS3.10 section 7 (file meta), PS3.5 annex A (transfer syntaxes). GDCM aborts the whole process on garbage JPEG 2000, so
its plug-ins are removed from pydicom's decoders here.
"""

import io
import math
import struct
import warnings
import zlib
from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np
import pydicom
import pydicom.config
import pydicom.pixels.decoders as decoders
from numpy.typing import NDArray
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import generate_frames
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.pixels import iter_pixels
from pydicom.pixels.decoders.base import Decoder
from pydicom.uid import DeflatedExplicitVRLittleEndian

from concours.formats.fault import FormatError, gettext_noop, refuse
from concours.formats.mask import LPS_TO_RAS, Affine, by
from concours.formats.nifti import Buffer

for _decoder in vars(decoders).values():
    if isinstance(_decoder, Decoder):
        for _plugin in {*_decoder.available_plugins, *_decoder.missing_dependencies}:
            if _plugin.startswith("gdcm"):
                _decoder.remove_plugin("gdcm")

pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE

MAX_FRAME = 512 << 20  # bytes of one decoded frame
MAX_DECODED = 8 << 30  # bytes of all decoded frames, one at a time
MAX_INFLATED = 256 << 20  # of a deflated data set, which is held whole
DICOM_ERRORS = (
    *(
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        NotImplementedError,
        AssertionError,
        EOFError,
        OSError,
    ),
    *(OverflowError, RecursionError, RuntimeError, struct.error, zlib.error, ArithmeticError),
    *(BytesLengthException, InvalidDicomError),
)

NOT_DICOM = gettext_noop("%(name)s: this is not a DICOM file (no DICM mark at byte 128). Export it as DICOM Part 10.")
UNREADABLE = gettext_noop("%(name)s: the DICOM file is damaged or truncated. Export it again and resend it.")
NO_SYNTAX = gettext_noop("%(name)s: the file does not state a supported transfer syntax. Export it again.")
NO_PIXELS = gettext_noop("%(name)s: the file contains no image, or its description is incomplete. Export the images.")
CORRUPT = gettext_noop(
    "%(name)s: there are fewer pixels than rows x columns, or they cannot be decoded. Export it again."
)


def load(source: Buffer, name: str = "file") -> FileDataset:
    """Parse a Part 10 file. Raises `not_dicom`, `unreadable_file`, `too_large`, `unsupported_transfer_syntax`."""
    view = memoryview(source)
    if len(view) < 132 or bytes(view[128:132]) != b"DICM":
        raise refuse("not_dicom", name, NOT_DICOM, name=name)
    _check_deflated(view, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(io.BytesIO(view))
            syntax = dataset.file_meta.get("TransferSyntaxUID")
    except DICOM_ERRORS as error:
        raise refuse("unreadable_file", name, UNREADABLE, name=name) from error
    try:
        is_syntax = bool(syntax.is_transfer_syntax)
    except DICOM_ERRORS:
        is_syntax = False
    if not is_syntax:
        raise refuse("unsupported_transfer_syntax", name, NO_SYNTAX, name=name)
    return dataset


def whole(dataset: FileDataset, keyword: str, default: int | None, name: str) -> int:
    """An element that must be one whole number of zero or more."""
    try:
        value = getattr(dataset, keyword, None)
        number = default if value in (None, "") else int(value)
        if number is None or number < 0 or (value not in (None, "") and float(value) != number):
            raise ValueError(keyword)
    except DICOM_ERRORS as error:
        reason = "no_pixels" if getattr(error, "args", None) else "unreadable_file"
        raise refuse(reason, name, NO_PIXELS, name=name) from error
    return number


def layout(dataset: FileDataset, name: str = "file") -> tuple[int, int, int, int]:
    """(frames, rows, columns, samples) after checking by arithmetic that the pixels are all there.

    Raises `no_pixels`, `too_large`, `corrupt_pixels`, `unsupported_transfer_syntax`.
    """
    rows, columns = whole(dataset, "Rows", None, name), whole(dataset, "Columns", None, name)
    samples, frames = whole(dataset, "SamplesPerPixel", 1, name), whole(dataset, "NumberOfFrames", 1, name) or 1
    bits = whole(dataset, "BitsAllocated", None, name)
    element = next((k for k in ("PixelData", "FloatPixelData", "DoubleFloatPixelData") if k in dataset), None)
    if element is None or not rows or not columns or not samples or "PhotometricInterpretation" not in dataset:
        raise refuse("no_pixels", name, NO_PIXELS, name=name)
    frame = rows * columns * samples * max(bits, 1)
    if frame > 8 * MAX_FRAME or frame * frames > 8 * MAX_DECODED:
        template = gettext_noop("%(name)s: the header declares %(shape)s pixels, more than an exam can contain.")
        raise refuse("corrupt_pixels", name, template, name=name, shape=by((frames, rows, columns, samples)))
    try:
        data = dataset[element].value
        encapsulated = dataset.file_meta.TransferSyntaxUID.is_encapsulated
    except DICOM_ERRORS as error:
        raise refuse("unreadable_file", name, UNREADABLE, name=name) from error
    if not isinstance(data, bytes) or (not encapsulated and len(data) < (frame * frames + 7) // 8) or not data:
        raise refuse("corrupt_pixels", name, CORRUPT, name=name)
    if encapsulated:
        _check_streams(data, frames, rows, columns, name)
    return frames, rows, columns, samples


def frames(dataset: FileDataset, name: str = "file") -> Iterator[NDArray[Any]]:
    """Decode one frame at a time: stored values, (rows, columns) or (rows, columns, samples). Raises `corrupt_pixels`."""
    layout(dataset, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield from iter_pixels(dataset, raw=True)
    except DICOM_ERRORS as error:
        unsupported = isinstance(error, NotImplementedError)
        reason = "unsupported_transfer_syntax" if unsupported else "corrupt_pixels"
        raise refuse(reason, name, NO_SYNTAX if unsupported else CORRUPT, name=name) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # a decoder written in Rust panics outside of Exception
            raise
        raise refuse("corrupt_pixels", name, CORRUPT, name=name) from error


def plane(position: Any, orientation: Any, spacing: Any, thickness: float = 1.0) -> Affine | None:
    """Affine from (row, column, slice) to RAS mm of one image plane (PS3.3 C.7.6.2.1.1), or None without geometry."""
    try:
        origin, cosines = np.array(position, float), np.array(orientation, float)
        between = np.array(spacing, float)
    except (TypeError, ValueError):
        return None
    if origin.shape != (3,) or cosines.shape != (6,) or between.shape != (2,):
        return None
    affine = np.eye(4)
    affine[:3, 0] = cosines[3:] * between[0]
    affine[:3, 1] = cosines[:3] * between[1]
    affine[:3, 2] = np.cross(cosines[:3], cosines[3:]) * thickness
    affine[:3, 3] = origin
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine)) < 1e-9:
        return None
    return LPS_TO_RAS @ affine


def content_key(dataset: Dataset, raw: Any) -> Hashable:
    """What the value of an element that is not converted yet depends on, so that slices of a series convert it once.

    None where that is more than its own bytes and the character set: of a sequence, or where the VR is to be found out.
    """
    characters = dataset.original_character_set
    if not isinstance(raw, RawDataElement) or raw.VR in (None, "SQ", "UN") or raw.value is None or not characters:
        return None
    return raw.tag, raw.VR, raw.value, raw.is_little_endian, str(characters)


def element(dataset: Any, keyword: str) -> Any:
    """The value of an element, or None when it is missing, empty or unreadable."""
    try:
        value = getattr(dataset, keyword, None)
    except DICOM_ERRORS:
        return None
    return None if value in (None, "") else value


def _check_deflated(view: memoryview, name: str) -> None:
    """pydicom inflates a deflated data set in one go, so its size is measured first."""
    head = bytes(view[128:2048])
    if (
        DeflatedExplicitVRLittleEndian.encode() + b"\0" not in head
        and DeflatedExplicitVRLittleEndian.encode() not in head
    ):
        return
    length = struct.unpack_from("<I", head, 12)[0] if head[4:8] == b"\x02\0\0\0" and len(head) >= 16 else 0
    inflate, produced = zlib.decompressobj(-zlib.MAX_WBITS), 0
    data: bytes | memoryview = view[144 + length :]
    try:
        while produced <= MAX_INFLATED and not inflate.eof and len(data):
            produced += len(inflate.decompress(data, 1 << 20))
            data = inflate.unconsumed_tail
    except zlib.error as error:
        raise refuse("unreadable_file", name, UNREADABLE, name=name) from error
    if produced > MAX_INFLATED:
        template = gettext_noop("%(name)s: the deflated data set is too large. Send it uncompressed.")
        raise refuse("too_large", name, template, name=name)


def _check_streams(data: bytes, count: int, rows: int, columns: int, name: str) -> None:
    """Each compressed frame must say the same size as the header, before a decoder allocates what it says."""
    streams = 0
    try:
        for frame in generate_frames(data, number_of_frames=count):
            streams += 1
            size = stream_shape(frame)
            if size is not None and size != (rows, columns):
                raise refuse("corrupt_pixels", name, CORRUPT, name=name)
    except DICOM_ERRORS as error:
        raise refuse("corrupt_pixels", name, CORRUPT, name=name) from error
    if streams < count:
        raise refuse("corrupt_pixels", name, CORRUPT, name=name)


def stream_shape(frame: bytes) -> tuple[int, int] | None:
    """(rows, columns) that a JPEG, JPEG-LS or JPEG 2000 codestream claims; None when it is none of these.

    ITU-T T.81 B.2.2 (SOFn), T.87 C.2.2 (SOF55), T.800 A.5.1 (SIZ).
    """
    siz = frame.find(b"\xff\x4f\xff\x51", 0, 4096)
    if siz >= 0 and len(frame) >= siz + 24:
        right, bottom, left, top = struct.unpack_from(">4I", frame, siz + 8)
        return bottom - top, right - left
    if frame[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 <= len(frame):
        if frame[at] != 0xFF:
            return None
        marker = frame[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)) or marker == 0xF7:
            return struct.unpack_from(">HH", frame, at + 5)
        at += 2 + struct.unpack_from(">H", frame, at + 2)[0]
    return None


def must_be_finite(values: Any, name: str) -> tuple[float, ...]:
    """Numbers of a header as floats; raises `unreadable_file` when one is not finite."""
    try:
        numbers = tuple(float(v) for v in values)
    except DICOM_ERRORS as error:
        raise refuse("unreadable_file", name, UNREADABLE, name=name) from error
    if not all(map(math.isfinite, numbers)):
        raise refuse("unreadable_file", name, UNREADABLE, name=name)
    return numbers


__all__ = [
    "FormatError",
    "content_key",
    "element",
    "frames",
    "layout",
    "load",
    "must_be_finite",
    "plane",
    "stream_shape",
    "whole",
]

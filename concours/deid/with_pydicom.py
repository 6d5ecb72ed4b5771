"""The second reader: pydicom takes big endian and malformed files, and hands over the same elements as the byte-level reader."""

import io
import struct
import warnings
import zlib
from collections.abc import Mapping
from typing import Any

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element

from concours.deid.refusal import FileRefusedError
from concours.deid.tokens import MAX_DEPTH, PIXELS, SHORT_VRS, DataElement, encode, encode_items

MAX_INFLATED = 1 << 30
_SWAPPED = {
    b"US": 2,
    b"SS": 2,
    b"OW": 2,
    b"AT": 2,
    b"UL": 4,
    b"SL": 4,
    b"FL": 4,
    b"OF": 4,
    b"OL": 4,
    b"FD": 8,
    b"OD": 8,
    b"OV": 8,
    b"UV": 8,
    b"SV": 8,
}
_ERRORS = (
    InvalidDicomError,
    BytesLengthException,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    NotImplementedError,
    EOFError,
    OSError,
    struct.error,
    RecursionError,
    OverflowError,
    LookupError,
)


def inflate(data: bytes, start: int) -> bytes:
    """The data set of a deflated file, from `start`; raises RefusedError above 1 GiB or 1000 times its size (a bomb)."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    limit = min(MAX_INFLATED, max(1 << 20, 1000 * (len(data) - start)))
    try:
        plain = inflater.decompress(data[start:], limit)
    except zlib.error:
        raise FileRefusedError("unreadable_file", "The deflated data set is damaged.") from None
    if inflater.unconsumed_tail:
        raise FileRefusedError("too_large", "The deflated data set is too large once decompressed.")
    if not inflater.eof:
        raise FileRefusedError("unreadable_file", "The deflated data set is truncated.")
    return plain


def read_with_pydicom(
    data: bytes, explicit_out: bool, vrs: Mapping[int, tuple[bytes, ...]]
) -> tuple[list[DataElement], tuple[int, bytes, bytes, bool] | None]:
    """Elements of a whole file (with its preamble) in little endian, and the pixel data: tag, value representation, bytes,
    encapsulated.

    Raises RefusedError where pydicom cannot read it either.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(io.BytesIO(data), force=False)
            tokens, pixels = _level(dataset, explicit_out, vrs, 0)
        except _ERRORS:
            raise FileRefusedError("unreadable_file", "The data set is damaged and cannot be read.") from None
    return tokens, pixels


def _is_cut(element: Any) -> bool:
    """Whether less of the value is there than its length says: pydicom hands over what there is."""
    if not isinstance(element, RawDataElement) or element.value is None or element.length == 0xFFFFFFFF:
        return False
    return len(element.value) < element.length


def _level(
    dataset: pydicom.Dataset, explicit_out: bool, vrs: Mapping[int, tuple[bytes, ...]], depth: int
) -> tuple[list[DataElement], tuple[int, bytes, bytes, bool] | None]:
    if depth > MAX_DEPTH:
        raise FileRefusedError("unreadable_file", "Sequences are nested too deeply.")
    tokens: list[DataElement] = []
    for number in sorted(int(tag) for tag in dataset.keys()):  # noqa: SIM118 - iterating a Dataset decodes its elements
        element: Any = dataset.get_item(number)
        if isinstance(element, RawDataElement) and element.value is None and element.length not in (0, 0xFFFFFFFF):
            raise ValueError("an element without its value")
        if depth == 0 and number in PIXELS:
            return tokens, _pixels(element, number, vrs, int(dataset.get("BitsAllocated", 16) or 16))
        if _is_cut(element):
            raise ValueError("an element ends with the file")
        vr = _vr(element, number, vrs)
        if vr == b"SQ" or (not isinstance(element, RawDataElement) and element.VR == "SQ"):
            sequence = dataset[number].value
            if isinstance(sequence, bytes):  # a dictionary newer than pydicom's knows it as a sequence
                raw = encode(number, b"UN", sequence, explicit_out)
                tokens.append(DataElement(number, b"UN", 12 if explicit_out else 8, raw))
                continue
            contents = [
                b"".join(token.raw for token in _level(item, explicit_out, vrs, depth + 1)[0])
                for item in sequence or ()
            ]
            raw = encode_items(number, contents, explicit_out)
            tokens.append(DataElement(number, b"SQ", 12 if explicit_out else 8, raw))
            continue
        value = _little(element, vr)
        raw = encode(number, vr, value, explicit_out)
        header = 12 if explicit_out and raw[4:6] not in SHORT_VRS else 8
        tokens.append(DataElement(number, raw[4:6] if explicit_out else vr, header, raw))
    return tokens, None


def _vr(element: Any, number: int, vrs: Mapping[int, tuple[bytes, ...]]) -> bytes:
    if element.VR is None:
        return vrs.get(number, (b"UN",))[0]
    vr = str(element.VR).encode("ascii", "replace")
    if len(vr) != 2:
        return vrs.get(number, (b"UN",))[0]
    return vr if vr.isalpha() and vr.isupper() else b"UN"


def _little(element: Any, vr: bytes) -> bytes:
    if not isinstance(element, RawDataElement):
        return _written(element)
    value = element.value or b""
    if not element.is_little_endian and vr in _SWAPPED:
        return swap(value, _SWAPPED[vr])
    return value


def _written(element: Any) -> bytes:
    """The value of an element that pydicom decoded while reading, encoded again."""
    stream = DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, True
    write_data_element(stream, element)
    return stream.getvalue()[8:]


def _pixels(
    element: Any, number: int, vrs: Mapping[int, tuple[bytes, ...]], allocated: int
) -> tuple[int, bytes, bytes, bool]:
    vr = _vr(element, number, vrs)
    value = element.value if isinstance(element.value, bytes) else b""
    undefined = getattr(element, "length", 0) == 0xFFFFFFFF
    if isinstance(element, RawDataElement) and not element.is_little_endian and vr in _SWAPPED:
        value = swap(value, allocated // 8 if allocated in (32, 64) else _SWAPPED[vr])
    return number, vr, value, undefined


def swap(value: bytes, size: int) -> bytes:
    """The words of `size` bytes in `value` turned from big to little endian."""
    if len(value) % size:
        raise ValueError("not a whole number of words")
    swapped = bytearray(len(value))
    for index in range(size):
        swapped[index::size] = value[size - 1 - index :: size]
    return bytes(swapped)

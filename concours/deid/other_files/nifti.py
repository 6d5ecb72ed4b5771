"""NIfTI-1 and NIfTI-2: the texts of the header are emptied, the extensions dropped; affine, type and voxels stay bit for
bit.
"""

import gzip
import struct
from typing import BinaryIO

_COPY = 1 << 20
# name: (offset, length) of every text field, nifti1.h and nifti2.h
_TEXTS_1 = {
    "data_type": (4, 10),
    "db_name": (14, 18),
    "descrip": (148, 80),
    "aux_file": (228, 24),
    "intent_name": (328, 16),
}
_TEXTS_2 = {"descrip": (240, 80), "aux_file": (320, 24), "intent_name": (508, 16), "unused_str": (525, 15)}
# Numbers left from ANALYZE 7.5 that NIfTI-1 does not use: extents, session_error, regular, then glmax and glmin.
_UNUSED_1 = {"extents": (32, 4), "session_error": (36, 2), "glmax": (140, 4), "glmin": (144, 4)}
_LARGEST_OFFSET = 1 << 24


def clean_nifti(reading: BinaryIO, writing: BinaryIO) -> dict[str, str]:
    """Copy a NIfTI file (plain or gzip) without texts and extensions; returns {place: action}.

    The image data follow the header at once (vox_offset 352 or 544). Gzip is written without name and time, so that one file
    always gives the same bytes. A header and image pair, whose header says "ni1", is refused: its data stand elsewhere.
    Raises ValueError for anything that is not NIfTI.
    """
    packed = reading.read(2) == b"\x1f\x8b"
    reading.seek(0)
    source = gzip.GzipFile(fileobj=reading, mode="rb") if packed else reading
    target = gzip.GzipFile(filename="", fileobj=writing, mode="wb", mtime=0, compresslevel=6) if packed else writing
    try:
        return _clean(source, target)
    finally:
        if packed:
            source.close()
            target.close()


def _clean(source: BinaryIO | gzip.GzipFile, target: BinaryIO | gzip.GzipFile) -> dict[str, str]:
    size = source.read(4)
    order = next((o for o in "<>" if len(size) == 4 and struct.unpack(o + "i", size)[0] in (348, 540)), "")
    if not order:
        raise ValueError("This is not a NIfTI header.")
    length = int(struct.unpack(order + "i", size)[0])
    header = bytearray(size + source.read(length - 4))
    if len(header) != length:
        raise ValueError("The NIfTI header is cut off.")
    magic = bytes(header[344:347]) if length == 348 else bytes(header[4:7])
    if magic not in (b"n+1", b"n+2"):
        raise ValueError("Header and image stand in two files, or this is ANALYZE 7.5.")
    actions = _empty_texts(header, length)
    offset = int(
        struct.unpack_from(order + "f", header, 108)[0]
        if length == 348
        else struct.unpack_from(order + "q", header, 168)[0]
    )
    if not length <= offset <= _LARGEST_OFFSET:
        raise ValueError("The image data begin at no sensible place.")
    skipped = source.read(offset - length)
    if skipped[4:].strip(b"\x00") or skipped[:1].strip(b"\x00"):
        actions["extensions"] = "removed"
    if length == 348:
        struct.pack_into(order + "f", header, 108, 352.0)
    else:
        struct.pack_into(order + "q", header, 168, 544)
    target.write(bytes(header) + b"\x00\x00\x00\x00")
    expected = _data_bytes(header, order, length)
    copied = _copy(source, target, expected)
    if copied < expected:
        raise ValueError("The image data are cut off.")
    if source.read(1):
        actions["bytes after the image"] = "removed"
    return actions


def _empty_texts(header: bytearray, length: int) -> dict[str, str]:
    actions = {}
    fields = _TEXTS_1 | _UNUSED_1 if length == 348 else _TEXTS_2
    for name, (start, size) in fields.items():
        if bytes(header[start : start + size]).strip(b"\x00"):
            actions[name] = "emptied"
            header[start : start + size] = bytes(size)
    return actions


def _data_bytes(header: bytearray, order: str, length: int) -> int:
    """Bytes of image data by dim and bitpix; dimensions past dim[0] count as 1."""
    if length == 348:
        dim, bits = struct.unpack_from(order + "8h", header, 40), struct.unpack_from(order + "h", header, 72)[0]
    else:
        dim, bits = struct.unpack_from(order + "8q", header, 16), struct.unpack_from(order + "h", header, 14)[0]
    if not 1 <= dim[0] <= 7 or any(d < 0 for d in dim[1 : dim[0] + 1]) or bits < 1:
        raise ValueError("The dimensions make no sense.")
    voxels = 1
    for extent in dim[1 : dim[0] + 1]:
        voxels *= max(1, int(extent))
    return (voxels * int(bits) + 7) // 8


def _copy(source: BinaryIO | gzip.GzipFile, target: BinaryIO | gzip.GzipFile, count: int) -> int:
    copied = 0
    while copied < count and (block := source.read(min(_COPY, count - copied))):
        target.write(block)
        copied += len(block)
    return copied

"""PNG: only the chunks that the pixels need stay; text, EXIF, time, profiles and everything after the end go (default deny)."""

import zlib
from typing import BinaryIO

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Critical chunks, and those ancillary ones that change how stored values are shown and hold only numbers (PNG third edition,
# 11.2 and 11.3).
_KEPT = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"pHYs", b"bKGD"})
_LENGTHS = {b"IHDR": 13, b"IEND": 0, b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9}
_LARGEST = 1 << 31


def clean_png(reading: BinaryIO, writing: BinaryIO) -> dict[str, str]:
    """Copy a PNG with its pixel chunks as they are; returns {place: action}. Raises ValueError where the file is no sound
    PNG.
    """
    if reading.read(8) != SIGNATURE:
        raise ValueError("This is not a PNG file.")
    writing.write(SIGNATURE)
    actions: dict[str, str] = {}
    while True:
        head = reading.read(8)
        if len(head) < 8:
            raise ValueError("The PNG file has no end.")
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if length >= _LARGEST:
            raise ValueError("A chunk of the PNG file is too long.")
        body, check = reading.read(length), reading.read(4)
        if len(body) != length or zlib.crc32(kind + body).to_bytes(4, "big") != check:
            raise ValueError("A chunk of the PNG file is damaged.")
        if kind in _KEPT and length == _LENGTHS.get(kind, length):
            writing.write(head + body + check)
        elif kind[0] & 32 or kind in _KEPT:
            actions[kind.decode("latin-1")] = "removed"
        else:
            raise ValueError("The PNG file has a critical chunk that is not known.")
        if kind == b"IEND":
            break
    if reading.read(1):
        actions["bytes after the end"] = "removed"
    return actions

"""Stretches of a compressed frame that no decoder turns into pixels, and that could hold words: comments, application
segments, what follows the end. They are blanked in place, so that offsets stay true.

JPEG: ITU-T T.81 Annex B and T.87 Annex C; JPEG 2000: T.800 Annex A.
"""

import re

from concours.deid.refusal import FileRefusedError

_SEGMENT = re.compile(rb"\xff[\xe0-\xef\xfe]")
_END = b"\xff\xd9"
_KEPT_OF_APPLICATION = {
    0xE0: re.compile(rb"JFIF\0\x01[\0-\x02][\0-\x02].{4}", re.DOTALL),  # version, unit, density; never a thumbnail
    0xE8: re.compile(rb"mrfx.|SPIFF\0\x01[\0-\x02].{2}", re.DOTALL),  # colour transforms of JPEG-LS
    0xEE: re.compile(rb"Adobe\0[\x64\x65].{4}[\0-\x02]", re.DOTALL),  # colour transform
}
_JPEG_TABLES = frozenset((*range(0xC0, 0xD0), 0xDB, 0xDC, 0xDD, 0xF7, 0xF8))
_JPEG2000_TABLES = frozenset(bytes.fromhex("50515253 5556575859 5c5d5e5f 606163 7475767778"))
_COMMENT, _SCAN, _TILE, _DATA = 0x64, 0xDA, 0x90, 0x93

Blank = tuple[int, int]
"""Offset and length within the frame."""


def jpeg_blanks(frame: bytes) -> list[Blank]:
    """What to blank in a JPEG or JPEG-LS frame. Raises RefusedError for a marker that no such frame has before its data."""
    blanks: list[Blank] = []
    pos = 2
    while True:
        while frame[pos : pos + 2] == b"\xff\xff":
            pos += 1
        marker, size = _marker(frame, pos)
        if marker == _SCAN:
            break
        if marker == 0xFE or 0xE0 <= marker <= 0xEF:
            blanks.append(_of_segment(frame, pos, marker, size))
        elif marker not in _JPEG_TABLES:
            raise _broken()
        pos += 2 + size
    end = frame.find(_END, pos + 2 + size)  # data bytes never look like a marker: after FF comes 00, or a bit 0
    for match in _SEGMENT.finditer(frame, pos + 2 + size, end if end >= 0 else len(frame)):
        marker, size = _marker(frame, match.start())
        blanks.append(_of_segment(frame, match.start(), marker, size))
    if end >= 0:
        blanks.append((end + 2, len(frame) - end - 2))
    return blanks


def _of_segment(frame: bytes, pos: int, marker: int, size: int) -> Blank:
    body = frame[pos + 4 : pos + 2 + size]
    pattern = _KEPT_OF_APPLICATION.get(marker)
    header = pattern.match(body) if pattern is not None else None
    header_size = header.end() if header is not None else 0
    return pos + 4 + header_size, len(body) - header_size


def jpeg2000_blanks(frame: bytes) -> list[Blank]:
    """What to blank in a JPEG 2000 codestream: comments of its main and tile headers, and what follows its end."""
    blanks, pos = _comments(frame, 2, _TILE)
    while frame[pos : pos + 2] == b"\xff\x90":
        length = int.from_bytes(frame[pos + 6 : pos + 10], "big")
        more, _data = _comments(frame, pos + 12, _DATA)
        blanks += more
        if not length:  # the last tile part, up to the end of the codestream
            end = frame.find(_END, _data)
            pos = end if end >= 0 else len(frame)
            break
        if length < 14:
            raise _broken()
        pos += length
    if frame[pos : pos + 2] == _END:
        pos += 2
    elif pos < len(frame) and any(frame[pos:]):
        raise _broken()
    return [*blanks, (pos, len(frame) - pos)] if pos < len(frame) else blanks


def _comments(frame: bytes, pos: int, until: int) -> tuple[list[Blank], int]:
    """Bodies of comments from `pos` to the marker `until`, and where that stands."""
    comments: list[Blank] = []
    while True:
        if frame[pos : pos + 2] == bytes((0xFF, until)):
            return comments, pos
        marker, size = _marker(frame, pos)
        if marker == _COMMENT:
            comments.append((pos + 6, max(0, size - 4)))
        elif marker not in _JPEG2000_TABLES:
            raise _broken()
        pos += 2 + size


def _marker(frame: bytes, pos: int) -> tuple[int, int]:
    """A marker and the length of its segment, which counts its own two bytes."""
    size = int.from_bytes(frame[pos + 2 : pos + 4], "big")
    if frame[pos : pos + 1] != b"\xff" or size < 2 or pos + 2 + size > len(frame):
        raise _broken()
    return frame[pos + 1], size


def _broken() -> FileRefusedError:
    return FileRefusedError(
        "corrupt_pixels", "A compressed frame contains a marker that its transfer syntax does not allow."
    )

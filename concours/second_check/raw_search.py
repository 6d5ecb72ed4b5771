"""The blunt search: every known identifier as bytes, in every encoding, anywhere in a buffer, whatever the format says is
there.
"""

import mmap
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache

import numpy as np

from concours.second_check.dicom_tokens import LeafElement
from concours.second_check.known import SearchedIdentifiers

SHORTEST = 4
SHORTEST_IN_PIXELS = 6
_START = 4  # bytes that every needle has at least
_CHUNK = 1 << 24
_OVERLAP = 256


def search_bytes(
    buffer: bytes | memoryview | mmap.mmap, identifiers: SearchedIdentifiers, shortest: int = SHORTEST
) -> Iterator[int]:
    """Offsets of known identifiers in the buffer, ASCII letters in any case; one offset for each needle that stands at a
    place.
    """
    needles = _needles(identifiers.byte_needles(shortest))
    if not needles.by_start:
        return
    for start in range(0, max(1, len(buffer)), _CHUNK):
        chunk = memoryview(buffer)[start : start + _CHUNK + _OVERLAP]
        for position in needles.candidates(chunk):
            if position >= _CHUNK:
                break
            near = bytes(chunk[max(0, position - 1) : position + needles.longest + 1]).lower()
            here = min(1, position)
            for needle in needles.by_start.get(near[here : here + _START], ()):
                if near.startswith(needle, here) and _stands_alone(near, here, needle):
                    yield start + position


class _Needles:
    """What all needles begin with, as tables that rule out nearly every place of a buffer at once.

    Pixel data are large and needles many: one search a needle took a minute for a chest CT.
    """

    def __init__(self, needles: tuple[bytes, ...]) -> None:
        self.longest = max(map(len, needles), default=0)
        self.by_start: dict[bytes, list[bytes]] = {}
        places = np.zeros(256, np.uint8)  # bit k: this byte may be a needle's k-th
        self.pairs = np.zeros((2, 1 << 16), bool)  # its first two bytes, its third and fourth
        for needle in needles:
            self.by_start.setdefault(needle[:_START], []).append(needle)
        for beginning in self.by_start:
            both = [{letter.lower(), letter.upper()} for letter in (beginning[k : k + 1] for k in range(_START))]
            for k, cases in enumerate(both):
                for letter in cases:
                    places[letter[0]] |= 1 << k
            for half in (0, 1):
                for first in both[2 * half]:
                    for second in both[2 * half + 1]:
                        self.pairs[half, first[0] | second[0] << 8] = True
        self.places = places.tobytes()

    def candidates(self, chunk: memoryview) -> list[int]:
        """Offsets, ascending, at which a needle's first four bytes may stand."""
        if len(chunk) < _START:
            return []
        octets = np.frombuffer(chunk, np.uint8)
        marks = np.frombuffer(bytes(chunk).translate(self.places), np.uint8)
        two = marks[1:] >> 1
        two &= marks[:-1]  # bit 0: a first and a second byte; bit 2: a third and a fourth
        four = two[2:] >> 2
        four &= two[:-2]
        four &= 1
        offsets = np.flatnonzero(four.view(bool))
        for half in (0, 1):
            first, second = octets[offsets + 2 * half].astype(np.intp), octets[offsets + 2 * half + 1].astype(np.intp)
            offsets = offsets[self.pairs[half, first | second << 8]]
        return [int(place) for place in offsets]


@lru_cache(maxsize=8)
def _needles(needles: tuple[bytes, ...]) -> _Needles:
    return _Needles(needles)


def _stands_alone(chunk: bytes, position: int, needle: bytes) -> bool:
    """A short needle inside a longer word (or a number inside a longer number, as in a UID) is chance; a long one is not."""
    if (len(needle) >= 7 and not needle.isdigit()) or needle[:1] == b"\x1b":
        return True
    before = chunk[position - 1 : position]
    after = chunk[position + len(needle) : position + len(needle) + 1]
    if needle.isdigit():
        return not (before.isdigit() or after.isdigit())
    return not (before.isalpha() or after.isalpha())


def places(offsets: Iterable[int], tokens: Iterable[LeafElement]) -> set[str]:
    """The paths of the elements (or "between elements") that these offsets of the body fall in."""
    offsets = list(offsets)
    if not offsets:
        return set()
    ordered = sorted(tokens, key=lambda token: token.offset)
    starts = [token.offset for token in ordered]
    paths = set()
    for offset in offsets:
        index = bisect_right(starts, offset) - 1
        inside = index >= 0 and offset < ordered[index].offset + len(ordered[index].value)
        paths.add(ordered[index].path if inside else "between elements")
    return paths


def inflated_streams(data: bytes | mmap.mmap, limit: int = 1 << 26) -> Iterator[tuple[int, bytes]]:
    """(offset, bytes) of zlib streams inside a document, such as PDF's FlateDecode streams."""
    position = 0
    while (position := data.find(b"stream", position)) >= 0:
        start = position + 6
        while data[start : start + 1] in (b"\r", b"\n"):
            start += 1
        if data[start : start + 1] in (b"\x78", b"\x58", b"\x48", b"\x38", b"\x28", b"\x18", b"\x08"):
            with suppress(zlib.error):
                yield start, zlib.decompressobj().decompress(data[start:], limit)
        position += 6

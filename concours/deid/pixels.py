"""Pixel data copied without decoding: length checked, bits outside the stored ones masked, comments inside codestreams
blanked.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct

from concours.deid.codestreams import jpeg2000_blanks, jpeg_blanks
from concours.deid.objects import JPEG2000_MARKED, JPEG_MARKED
from concours.deid.refusal import FileRefusedError
from concours.deid.rle import rle_blanks
from concours.deid.tokens import ITEM, SEQUENCE_END, UNDEFINED, PixelPlace, encode

CHUNK = 1 << 20
_HEADER = Struct("<HHI")


@dataclass(frozen=True)
class PixelModule:
    """The attributes that say how many bytes an image has and which bits of them count (PS3.3 C.7.6.3)."""

    rows: int
    columns: int
    samples: int
    allocated: int
    stored: int
    high_bit: int
    signed: bool
    frames: int
    photometric: str

    @property
    def bytes_expected(self) -> int:
        """The exact number of bytes of uncompressed pixel data, without padding."""
        samples = self.rows * self.columns * self.samples * self.frames
        if self.photometric == "YBR_FULL_422":
            samples = self.rows * self.columns * 2 * self.frames
        return (samples * self.allocated + 7) // 8


@dataclass
class Segment:
    """A stretch of output: bytes given, or `length` bytes of the source from `offset`."""

    data: bytes = field(default=b"", repr=False)
    offset: int = -1
    length: int = 0


def plan_native(place: PixelPlace, module: PixelModule | None, vr: bytes, explicit: bool) -> tuple[bytes, int, bytes]:
    """Header of the pixel element, number of source bytes that follow it, and padding. What lies beyond the image is left
    behind.
    """
    length = place.length
    if module is not None:
        expected = module.bytes_expected
        if length < expected:
            raise FileRefusedError(
                "corrupt_pixels", "The pixel data are shorter than the rows, columns and frames declare."
            )
        length = expected
    padding = b"\0" if length & 1 else b""
    total = length + len(padding)
    if total >= UNDEFINED:
        raise FileRefusedError("too_large", "The pixel data are longer than an element can be.")
    head = encode(place.tag, vr, b"", explicit)
    return head[:-4] + total.to_bytes(4, "little"), length, padding


class Masker:
    """Sets bits outside the stored ones to 0, or to the sign; says whether a chunk needs it at all."""

    def __init__(self, module: PixelModule | None) -> None:
        self.active = module is not None and module.allocated in (8, 16, 32) and 0 < module.stored < module.allocated
        if module is None or not self.active:
            return
        self.dtype = f"<{'i' if module.signed else 'u'}{module.allocated // 8}"
        self.item = module.allocated // 8
        low = max(0, min(module.high_bit, module.allocated - 1) - module.stored + 1)
        self.signed = module.signed
        self.up = module.allocated - module.stored - low
        self.low = low
        self.keep = ((1 << module.stored) - 1) << low
        self.bits = module.allocated

    def clean(self, chunk: bytes | memoryview) -> bytes | None:
        """The chunk with its spare bits cleared, or None where they are clear already. Whole words only; a rest of bytes
        stays.
        """
        if not self.active:
            return None
        import numpy as np  # only where bits have to be looked at: importing it costs a small file more than the work

        whole = len(chunk) // self.item * self.item
        words = np.frombuffer(chunk, dtype=self.dtype, count=whole // self.item)
        if not self.signed:
            if not self._spare_bits(words, np):
                return None
            masked = words & words.dtype.type(self.keep)
        else:
            masked = ((words >> self.low << self.low) << self.up) >> self.up
            if np.array_equal(masked, words):
                return None
        cleared: bytes = masked.astype(self.dtype, copy=False).tobytes()
        return cleared + bytes(chunk[whole:])

    def _spare_bits(self, words: "np.ndarray", np: "ModuleType") -> bool:  # type: ignore[name-defined] # noqa: F821
        if self.low == 0:
            return bool(words.size) and int(words.max()) > self.keep
        spare = words.dtype.type(((1 << self.bits) - 1) ^ self.keep)
        return bool(np.any(words & spare))


def encapsulated_segments(
    fd: int, place: PixelPlace, transfer_syntax: str, frames: int, vr: bytes, module: PixelModule | None = None
) -> tuple[list[Segment], int]:
    """What to write for encapsulated pixel data, and where they end in the source.

    Item headers are rewritten; what no decoder turns into pixels is blanked in place, so that offsets stay true. Raises
    RefusedError where items are broken or are not as many frames as `frames`.
    """
    fragments = list(_fragments(fd, place.offset, place.offset + place.length))
    if not fragments or fragments[-1][0] != SEQUENCE_END:
        raise FileRefusedError("corrupt_pixels", "The compressed pixel data have no end.")
    if len(fragments) < 3:
        raise FileRefusedError("corrupt_pixels", "The compressed pixel data contain no frame.")
    table, parts = fragments[0], [(start, length) for _tag, start, length in fragments[1:-1]]
    starts = [start - 8 for start, _length in parts]
    segments = [Segment(encode(place.tag, vr, b"", True)[:-4] + b"\xff\xff\xff\xff")]
    segments += _offset_table(fd, starts, frames, table[1], table[2])
    for frame in _frames(fd, parts, frames, transfer_syntax):
        blanks = _blanks(b"".join(os.pread(fd, length, start) for start, length in frame), transfer_syntax, module)
        passed = 0
        for start, length in frame:
            segments.append(Segment(_HEADER.pack(0xFFFE, 0xE000, length)))
            segments += _patched(start, length, [(offset - passed, size) for offset, size in blanks])
            passed += length
    segments.append(Segment(_HEADER.pack(0xFFFE, 0xE0DD, 0)))
    return segments, fragments[-1][1]


def _frames(fd: int, parts: list[tuple[int, int]], frames: int, transfer_syntax: str) -> list[list[tuple[int, int]]]:
    """The fragments of each frame. A frame begins as its transfer syntax says; what hides in another form is not let through."""
    begins = [_begins(os.pread(fd, 12, start), transfer_syntax) for start, _length in parts]
    if len(parts) == frames or frames == 1:
        first = [True] * len(parts) if len(parts) == frames else [True, *[False] * (len(parts) - 1)]
    else:
        first = begins
    if sum(first) != frames or not first[0] or not all(b for f, b in zip(first, begins, strict=True) if f):
        raise FileRefusedError(
            "corrupt_pixels",
            "The compressed pixel data do not match the declared transfer syntax and number of frames.",
        )
    groups: list[list[tuple[int, int]]] = []
    for part, starts_frame in zip(parts, first, strict=True):
        if starts_frame:
            groups.append([])
        groups[-1].append(part)
    return groups


def _patched(start: int, length: int, blanks: list[tuple[int, int]]) -> list[Segment]:
    """`length` bytes of the source from `start`, with zeros for the stretches of `blanks` (relative to it) that reach into it."""
    segments: list[Segment] = []
    done = 0
    for offset, size in sorted(blanks):
        begin, end = max(done, offset), min(length, offset + size)
        if begin < end:
            segments += [Segment(offset=start + done, length=begin - done), Segment(data=bytes(end - begin))]
            done = end
    return [*segments, Segment(offset=start + done, length=length - done)]


def _offset_table(fd: int, starts: list[int], frames: int, offset: int, length: int) -> list[Segment]:
    """The basic offset table where it is one offset a frame, each the start of a fragment; else an empty one.

    What it holds instead could be anything.
    """
    words = os.pread(fd, length, offset) if length == 4 * frames else b""
    offsets = [int.from_bytes(words[i : i + 4], "little") for i in range(0, len(words), 4)]
    sound = bool(offsets) and offsets[0] == 0 and {start + starts[0] for start in offsets} <= set(starts)
    return [Segment(_HEADER.pack(0xFFFE, 0xE000, len(words) if sound else 0)), Segment(words if sound else b"")]


def _fragments(fd: int, pos: int, size: int) -> Iterator[tuple[int, int, int]]:
    while pos + 8 <= size:
        group, element, length = _HEADER.unpack(os.pread(fd, 8, pos))
        tag = group << 16 | element
        pos += 8
        if tag not in (ITEM, SEQUENCE_END) or length == UNDEFINED or pos + length > size:
            raise FileRefusedError("corrupt_pixels", "The compressed pixel data are damaged.")
        yield tag, pos, length
        if tag == SEQUENCE_END:
            return
        pos += length


def _begins(head: bytes, transfer_syntax: str) -> bool:
    """Whether a fragment begins a frame as its transfer syntax says; what hides in another form is not let through."""
    if transfer_syntax in JPEG_MARKED:
        return head.startswith(b"\xff\xd8")
    if transfer_syntax in JPEG2000_MARKED:
        return head.startswith(b"\xff\x4f\xff\x51")
    return len(head) >= 4 and 0 < int.from_bytes(head[:4], "little") <= 15


def _blanks(frame: bytes, transfer_syntax: str, module: PixelModule | None) -> list[tuple[int, int]]:
    """Stretches of a frame that could hold words and are not zeros already."""
    if transfer_syntax in JPEG_MARKED:
        blanks = jpeg_blanks(frame)
    elif transfer_syntax in JPEG2000_MARKED:
        blanks = jpeg2000_blanks(frame)
    elif module is not None:
        blanks = rle_blanks(frame, module.rows * module.columns, module.samples * (module.allocated // 8))
    else:
        return []
    return [(offset, size) for offset, size in blanks if any(frame[offset : offset + size])]


def copy_range(source: int, target: int, offset: int, length: int) -> None:
    """`length` bytes from `offset` of one descriptor to the end of another, inside the kernel where it can."""
    while length:
        try:
            done = os.copy_file_range(source, target, length, offset)
        except OSError:  # another file system, or a kernel without it
            done = os.sendfile(target, source, offset, length)
        if not done:
            raise FileRefusedError("unreadable_file", "The file was truncated while it was being read.")
        offset, length = offset + done, length - done

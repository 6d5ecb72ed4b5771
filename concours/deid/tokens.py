"""A byte-level reader of explicit and implicit little endian data sets: where each element lies, without decoding it
(PS3.5 chapter 7).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

from concours.deid import tags

LONG_VRS = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
SHORT_VRS = frozenset(
    (
        b"AE",
        b"AS",
        b"AT",
        b"CS",
        b"DA",
        b"DS",
        b"DT",
        b"FD",
        b"FL",
        b"IS",
        b"LO",
        b"LT",
        b"PN",
        b"SH",
        b"SL",
        b"SS",
        b"ST",
        b"TM",
        b"UI",
        b"UL",
        b"US",
    )
)
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = tags.Item, tags.ItemDelimitationItem, tags.SequenceDelimitationItem
PIXELS = frozenset((tags.FloatPixelData, tags.DoubleFloatPixelData, tags.PixelData))
MAX_DEPTH = 24
MAX_VALUE = 8 << 20
"""A single element of the header above this is not read into memory by this reader."""

MAX_TRAILING = 512
"""Bytes after the last element that are left behind as trailing bytes; more of them are for pydicom to judge."""

_EXPLICIT = Struct("<HH2sH")
_IMPLICIT = Struct("<HHI")
_LENGTH = Struct("<I")
_ELEMENT_OF_UNKNOWN = (b"UN",)


class NotPlain(Exception):
    """The bytes are not what this reader takes without doubt; pydicom has to read them. The message holds no value."""


class DataElement(NamedTuple):
    """One element: tag, value representation, length of its header, and all its bytes. `items` says that it holds items."""

    tag: int
    vr: bytes
    header: int
    raw: bytes
    undefined: bool = False

    @property
    def value(self) -> bytes:
        """The bytes after the header; of an undefined length, with the delimiter at the end."""
        return self.raw[self.header :]


@dataclass(frozen=True)
class PixelPlace:
    """Where the pixel data lie in the file: `length` bytes from `offset`, or encapsulated items up to `end`."""

    tag: int
    vr: bytes
    offset: int
    length: int
    encapsulated: bool


def scan(
    buf: bytes,
    pos: int,
    end: int,
    explicit: bool,
    vrs: Mapping[int, tuple[bytes, ...]],
    *,
    top: bool = False,
    depth: int = 0,
) -> tuple[list[DataElement], int, PixelPlace | None]:
    """The elements from `pos` to `end`, or to an item's delimiter; at the top, up to the pixel data, whose place is returned.

    `vrs` gives the value representations of implicit elements. Raises NotPlain at the first irregularity.
    """
    tokens: list[DataElement] = []
    previous = -1
    unpack_explicit, unpack_implicit = _EXPLICIT.unpack_from, _IMPLICIT.unpack_from
    append, new = tokens.append, tuple.__new__  # a Token made by its own constructor takes three times as long
    while pos < end:
        if end - pos < 8:
            raise NotPlain("bytes left over")
        if explicit:
            group, element, vr, length = unpack_explicit(buf, pos)
            tag = group << 16 | element
            if vr in SHORT_VRS:
                header = 8
            elif vr in LONG_VRS:
                if end - pos < 12:
                    raise NotPlain("cut in a header")
                if length:
                    raise NotPlain("reserved bytes are used")
                length = _LENGTH.unpack_from(buf, pos + 8)[0]
                header = 12
            elif tag == ITEM_END and not top:
                return tokens, pos + 8, None
            elif top and tokens and end - pos <= MAX_TRAILING:
                return tokens, end, None
            else:
                raise NotPlain("unknown value representation")
        else:
            group, element, length = unpack_implicit(buf, pos)
            tag = group << 16 | element
            if tag == ITEM_END and not top:
                return tokens, pos + 8, None
            vr = vrs.get(tag, _ELEMENT_OF_UNKNOWN)[0]
            header = 8
        if tag <= previous:
            raise NotPlain("tags out of order")
        previous = tag
        start, pos = pos, pos + header
        if top and tag in PIXELS:
            return tokens, pos, _pixel_place(buf, pos, end, tag, vr, length)
        if length == UNDEFINED:
            if vr not in (b"SQ", b"UN") and not (not explicit and tag >> 16 & 1):
                raise NotPlain("undefined length")
            pos = skip_items(buf, pos, end, explicit and vr != b"UN", vrs, depth + 1)
            append(DataElement(tag, vr, header, bytes(buf[start:pos]), True))
            continue
        pos += length
        if pos > end:
            raise NotPlain("an element reaches beyond the end")
        if length > MAX_VALUE:
            raise NotPlain("a large element in the header")
        if length & 1:
            append(DataElement(tag, vr, header, encode(tag, vr, buf[start + header : pos], explicit)))
        else:
            append(new(DataElement, (tag, vr, header, buf[start:pos], False)))
    return tokens, pos, None


def _pixel_place(buf: bytes, pos: int, end: int, tag: int, vr: bytes, length: int) -> PixelPlace:
    if length != UNDEFINED:
        if pos + length > end:
            raise NotPlain("pixel data cut off")
        return PixelPlace(tag, vr, pos, length, False)
    return PixelPlace(tag, vr, pos, end - pos, True)


def skip_items(buf: bytes, pos: int, end: int, explicit: bool, vrs: Mapping[int, tuple[bytes, ...]], depth: int) -> int:
    """The position after the delimiter of a sequence of undefined length that starts at `pos`."""
    if depth > MAX_DEPTH:
        raise NotPlain("too deep")
    while True:
        tag, length, pos = _item_header(buf, pos, end)
        if tag == SEQUENCE_END:
            return pos
        if tag != ITEM:
            raise NotPlain("no item where one is due")
        if length != UNDEFINED:
            pos += length
            if pos > end:
                raise NotPlain("an item reaches beyond the end")
            continue
        _tokens, pos, _ = scan(buf, pos, end, explicit, vrs, depth=depth)
        if pos < 8 or _IMPLICIT.unpack_from(buf, pos - 8)[:2] != (0xFFFE, 0xE00D):
            raise NotPlain("an item without its end")


def items(value: bytes, explicit: bool, vrs: Mapping[int, tuple[bytes, ...]], depth: int) -> list[list[DataElement]]:
    """The items of a sequence's value (with or without a delimiter at the end), each a list of elements."""
    if depth > MAX_DEPTH:
        raise NotPlain("too deep")
    parsed_items: list[list[DataElement]] = []
    pos, end = 0, len(value)
    while pos < end:
        tag, length, pos = _item_header(value, pos, end)
        if tag == SEQUENCE_END:
            break
        if tag != ITEM:
            raise NotPlain("no item where one is due")
        if length == UNDEFINED:
            tokens, pos, _ = scan(value, pos, end, explicit, vrs, depth=depth)
            if _IMPLICIT.unpack_from(value, pos - 8)[:2] != (0xFFFE, 0xE00D):
                raise NotPlain("an item without its end")
        else:
            if pos + length > end:
                raise NotPlain("an item reaches beyond the end")
            tokens, stop, _ = scan(value, pos, pos + length, explicit, vrs, depth=depth)
            if stop != pos + length:
                raise NotPlain("an item ends early")
            pos += length
        parsed_items.append(tokens)
    return parsed_items


def _item_header(buf: bytes, pos: int, end: int) -> tuple[int, int, int]:
    if end - pos < 8:
        raise NotPlain("cut in a sequence")
    group, element, length = _IMPLICIT.unpack_from(buf, pos)
    return group << 16 | element, length, pos + 8


def encode(tag: int, vr: bytes, value: bytes, explicit: bool) -> bytes:
    """One element in little endian, its length made even with the padding of its value representation. Longer than 64 kB
    needs UN or a long VR.
    """
    if len(value) & 1:
        value += b"\0" if vr in _NULL_PADDED else b" "
    if not explicit:
        return _IMPLICIT.pack(tag >> 16, tag & 0xFFFF, len(value)) + value
    if vr in LONG_VRS:
        return _EXPLICIT.pack(tag >> 16, tag & 0xFFFF, vr, 0) + _LENGTH.pack(len(value)) + value
    if len(value) > 0xFFFF:
        return _EXPLICIT.pack(tag >> 16, tag & 0xFFFF, b"UN", 0) + _LENGTH.pack(len(value)) + value
    return _EXPLICIT.pack(tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def encode_items(tag: int, contents: list[bytes], explicit: bool) -> bytes:
    """A sequence of defined length with one item of defined length for each of `contents`."""
    value = b"".join(_IMPLICIT.pack(0xFFFE, 0xE000, len(content)) + content for content in contents)
    return encode(tag, b"SQ", value, explicit)


_NULL_PADDED = frozenset((b"UI", b"OB", b"OW", b"UN", b"OD", b"OF", b"OL", b"OV", b"SQ"))

"""A minimal DICOM tokenizer of its own: leaves of the tree with their place in the file, and whatever cannot be parsed, as
it is.

Made to distrust: lengths are checked, UN and private bytes that begin like a sequence are entered, and nothing is skipped
silently.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from concours.second_check import tags

_LONG_VRS = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_VRS = _LONG_VRS | frozenset(
    {
        b"AE",
        b"AS",
        b"AT",
        b"CS",
        b"DA",
        b"DS",
        b"DT",
        b"FL",
        b"FD",
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
    }
)
_ITEM, _ITEM_END, _SEQUENCE_END = tags.Item, tags.ItemDelimitationItem, tags.SequenceDelimitationItem
_UNDEFINED = 0xFFFFFFFF
_DEFLATED = "1.2.840.10008.1.2.1.99"
_DEEPEST = 32
INFLATED_LIMIT = 1 << 30


class LeafElement(NamedTuple):
    """One leaf: its path "(gggg,eeee)[n].(gggg,eeee)", tag, VR ("" when implicit), value bytes and their offset in the
    buffer.
    """

    path: str
    tag: int
    vr: str
    value: memoryview
    offset: int

    def __repr__(self) -> str:
        return f"Token({self.path}, {len(self.value)} bytes)"


@dataclass(frozen=True)
class DicomFile:
    """A file taken apart: `body` is the buffer that token offsets count in (inflated for the deflated syntax)."""

    syntax: str
    preamble: bytes
    tokens: list[LeafElement]
    body: bytes
    little_endian: bool


def is_dicom(data: bytes) -> bool:
    return data[128:132] == b"DICM"


def read_dicom(data: bytes) -> DicomFile:
    """Tokens of the file meta and the data set. Unparsable rests come as a token with the path "unparsed"."""
    view = memoryview(data)
    meta, position, syntax = _read_meta(view)
    body, start = data, position
    if syntax == _DEFLATED:
        inflater = zlib.decompressobj(-15)
        try:
            body = inflater.decompress(data[position:], INFLATED_LIMIT)
        except zlib.error:
            body = b""
        rest = inflater.unused_data
        start = 0
        if rest.strip(b"\x00"):
            meta.append(LeafElement("trailing bytes", 0, "UN", memoryview(rest), len(data) - len(rest)))
    explicit = syntax != "1.2.840.10008.1.2"
    little = syntax != "1.2.840.10008.1.2.2"
    reader = _Reader(memoryview(body), explicit, little)
    return DicomFile(syntax, data[:128], meta + list(reader.dataset(start, len(body), "", 0)), body, little)


def _read_meta(view: memoryview) -> tuple[list[LeafElement], int, str]:
    reader, position, tokens, syntax = _Reader(view, True, True), 132, [], "1.2.840.10008.1.2.1"
    while position + 8 <= len(view) and view[position : position + 2].tobytes() == b"\x02\x00":
        tag, vr, length, start = reader.header(position)
        end = min(len(view), start + length)
        tokens.append(LeafElement(_place("", tag), tag, vr, view[start:end], start))
        if tag == tags.TransferSyntaxUID:
            syntax = bytes(view[start:end]).rstrip(b"\x00 ").decode("ascii", "replace")
        position = end
    return tokens, position, syntax


def _place(prefix: str, tag: int) -> str:
    here = f"({tag >> 16:04x},{tag & 0xFFFF:04x})"
    return f"{prefix}.{here}" if prefix else here


class _Reader:
    def __init__(self, view: memoryview, explicit: bool, little: bool) -> None:
        self.view, self.explicit = view, explicit
        order = "<" if little else ">"
        self.tag_format = struct.Struct(order + "HH")
        self.short, self.long = struct.Struct(order + "H"), struct.Struct(order + "I")

    def tag_at(self, position: int) -> int:
        group, element = self.tag_format.unpack_from(self.view, position)
        return int(group) << 16 | int(element)

    def header(self, position: int) -> tuple[int, str, int, int]:
        """(tag, VR or "", length, start of value). Raises struct.error at the end of the buffer."""
        tag = self.tag_at(position)
        if tag >> 16 == 0xFFFE:
            return tag, "", self.long.unpack_from(self.view, position + 4)[0], position + 8
        vr = bytes(self.view[position + 4 : position + 6])
        if not self.explicit or vr not in _VRS:
            return tag, "", self.long.unpack_from(self.view, position + 4)[0], position + 8
        if vr in _LONG_VRS:
            return tag, vr.decode(), self.long.unpack_from(self.view, position + 8)[0], position + 12
        return tag, vr.decode(), self.short.unpack_from(self.view, position + 6)[0], position + 8

    def dataset(self, position: int, end: int, prefix: str, depth: int) -> Iterator[LeafElement]:
        while position < end:
            try:
                tag, vr, length, start = self.header(position)
            except struct.error:
                yield self._rest(position, end, prefix)
                return
            if tag in (_ITEM_END, _SEQUENCE_END):
                position = start
                continue
            if length == _UNDEFINED:
                stop = self.skip_undefined(start, end, tag, vr)
                yield from self.undefined(tag, vr, start, stop, prefix, depth)
                position = stop
                continue
            if start + length > end or tag == 0:
                yield self._rest(position, end, prefix)
                return
            yield from self.leaf(tag, vr, start, start + length, prefix, depth)
            position = start + length

    def _rest(self, position: int, end: int, prefix: str) -> LeafElement:
        place = "trailing bytes" if not prefix else f"{prefix}.unparsed"
        return LeafElement(place, 0, "UN", self.view[position:end], position)

    def leaf(self, tag: int, vr: str, start: int, stop: int, prefix: str, depth: int) -> Iterator[LeafElement]:
        value = self.view[start:stop]
        looks_like_items = value[:4].tobytes() in (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")
        if depth < _DEEPEST and (vr == "SQ" or (looks_like_items and vr in ("", "UN", "OB") and tag != tags.PixelData)):
            inside = self if vr in ("SQ", "") else self._reader_for_unknown(value)
            if vr in ("SQ", ""):
                yield from self.items(start, stop, _place(prefix, tag), depth)
            else:
                for token in inside.items(0, len(value), _place(prefix, tag), depth):
                    yield LeafElement(token.path, token.tag, token.vr, token.value, token.offset + start)
            return
        yield LeafElement(_place(prefix, tag), tag, vr, value, start)

    def _reader_for_unknown(self, value: memoryview) -> "_Reader":
        """UN holds implicit little endian (PS3.5 6.2.2), but real files also keep explicit bytes there."""
        return _Reader(value, value[12:14].tobytes() in _VRS, value[:4].tobytes() == b"\xfe\xff\x00\xe0")

    def undefined(self, tag: int, vr: str, start: int, stop: int, prefix: str, depth: int) -> Iterator[LeafElement]:
        if tag == tags.PixelData or vr in ("OB", "OW"):
            yield LeafElement(_place(prefix, tag), tag, "fragments", self.view[start:stop], start)
        elif depth < _DEEPEST:
            reader = _Reader(self.view, False, True) if vr == "UN" else self
            yield from reader.items(start, stop, _place(prefix, tag), depth)

    def items(self, position: int, end: int, prefix: str, depth: int) -> Iterator[LeafElement]:
        number = 0
        while position + 8 <= end:
            tag, _vr, length, start = self.header(position)
            if tag == _SEQUENCE_END:
                position = start
                if length and start + length <= end:
                    yield LeafElement(
                        f"{prefix}.after the last item", 0, "UN", self.view[start : start + length], start
                    )
                    position += length
                continue
            if tag != _ITEM:
                yield LeafElement(f"{prefix}.unparsed", 0, "UN", self.view[position:end], position)
                return
            stop = self.skip_item(start, end) if length == _UNDEFINED else min(end, start + length)
            yield from self.dataset(start, stop, f"{prefix}[{number}]", depth + 1)
            position, number = stop, number + 1

    def skip_item(self, position: int, end: int) -> int:
        while position + 8 <= end:
            tag, vr, length, start = self.header(position)
            if tag == _ITEM_END:
                return start
            position = self.skip_undefined(start, end, tag, vr) if length == _UNDEFINED else start + length
        return end

    def skip_undefined(self, position: int, end: int, tag: int, vr: str) -> int:
        reader = _Reader(self.view, False, True) if vr == "UN" else self
        while position + 8 <= end:
            item, _vr, length, start = reader.header(position)
            if item == _SEQUENCE_END:
                return start
            if item != _ITEM:
                return end
            position = reader.skip_item(start, end) if length == _UNDEFINED else start + length
        return end


def fragments(value: memoryview) -> list[memoryview]:
    """Items of encapsulated pixel data, the offset table first (always little endian, PS3.5 A.4)."""
    fragment_list, position = [], 0
    while position + 8 <= len(value):
        group, element, length = struct.unpack_from("<HHI", value, position)
        if (group, element) != (0xFFFE, 0xE000):
            break
        fragment_list.append(value[position + 8 : position + 8 + length])
        position += 8 + length
    return fragment_list

"""Files that are not DICOM: NIfTI, NRRD, PNG, PDF, archives, tables and plain text, as named chunks of bytes that may hold
text.
"""

import gzip
import io
import mmap
import struct
import zipfile
import zlib
from collections.abc import Iterator

from concours.second_check.raw_search import inflated_streams

Content = bytes | mmap.mmap
Chunk = tuple[str, Content, bool]
_LIMIT = 1 << 28
_TEXT_SUFFIXES = (
    ".csv", ".tsv", ".txt", ".json", ".xml", ".yaml", ".yml", ".html", ".htm", ".md", ".bval", ".bvec", ".rtf",
)  # fmt: skip


def chunks(name: str, data: Content, depth: int = 0) -> Iterator[Chunk]:
    """(where, bytes, is prose) for the parts of a file that could carry identity; archives and gzip are opened, three
    levels deep.
    """
    if data[:2] == b"\x1f\x8b" and depth < 3:
        inflated = _gunzipped(data)
        yield from _gzip_header(data)
        yield from chunks(name.removesuffix(".gz"), inflated, depth + 1)
    elif data[:4] == b"PK\x03\x04" and depth < 3:
        yield from _members(data, depth)
    elif _nifti_order(data):
        yield from _nifti(data)
    elif data[:4] == b"NRRD":
        end = data.find(b"\n\n")
        yield "NRRD header", data[: end if end > 0 else len(data)], True
    elif data[:8] == b"\x89PNG\r\n\x1a\n":
        yield from _png(data)
    elif data[:4] == b"%PDF":
        yield "PDF", data, False
        for offset, stream in inflated_streams(data):
            yield f"PDF stream at {offset}", stream, True
    elif name.lower().endswith(_TEXT_SUFFIXES):
        yield "text", data, True
    else:
        yield "bytes", data, False


def _gunzipped(data: Content) -> bytes:
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            return stream.read(_LIMIT)
    except (OSError, EOFError, zlib.error):
        return b""


def _gzip_header(data: Content) -> Iterator[Chunk]:
    """The original file name and the comment that gzip may carry (RFC 1952)."""
    flags, position = data[3], 10
    if flags & 4:
        position += 2 + int.from_bytes(data[position : position + 2], "little")
    for bit, where in ((8, "gzip file name"), (16, "gzip comment")):
        if flags & bit:
            end = data.find(b"\x00", position)
            if end > position:
                yield where, data[position:end], True
            position = end + 1


def _members(data: Content, depth: int) -> Iterator[Chunk]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist()[:20_000]:
                yield f"member name {member.header_offset}", member.filename.encode(), True
                if member.file_size < _LIMIT:
                    for where, text, prose in chunks(member.filename, archive.read(member), depth + 1):
                        yield f"member {member.header_offset}: {where}", text, prose
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, zlib.error):
        yield "archive", data, False


def _nifti_order(data: Content) -> str:
    for order in "<>":
        if len(data) >= 348 and struct.unpack_from(order + "i", data)[0] in (348, 540):
            return order
    return ""


def _nifti(data: Content) -> Iterator[Chunk]:
    order = _nifti_order(data)
    if struct.unpack_from(order + "i", data)[0] == 348:
        fields = {
            "data_type": (4, 10),
            "db_name": (14, 18),
            "descrip": (148, 80),
            "aux_file": (228, 24),
            "intent_name": (328, 16),
        }
        offset = int(struct.unpack_from(order + "f", data, 108)[0])
        extensions_at = 348
    else:
        fields = {"descrip": (240, 80), "aux_file": (320, 24), "intent_name": (508, 16), "unused": (525, 15)}
        offset = int(struct.unpack_from(order + "q", data, 168)[0])
        extensions_at = 540
    for name, (start, size) in fields.items():
        yield f"NIfTI {name}", data[start : start + size], True
    if data[extensions_at : extensions_at + 1] not in (b"", b"\x00"):
        yield "NIfTI extensions", data[extensions_at + 4 : max(offset, extensions_at + 4)], True


def _png(data: Content) -> Iterator[Chunk]:
    position = 8
    while position + 8 <= len(data):
        size, kind = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8]
        body = data[position + 8 : position + 8 + size]
        if kind in (b"tEXt", b"eXIf", b"iTXt", b"zTXt", b"tIME"):
            yield f"PNG {kind.decode()}", _png_text(kind, body), True
        position += 12 + size
        if kind == b"IEND":
            if data[position:].strip(b"\x00"):
                yield "PNG after the end", data[position:], True
            return


def _png_text(kind: bytes, body: bytes) -> bytes:
    if kind == b"zTXt":
        keyword, _, rest = body.partition(b"\x00")
        try:
            return keyword + b" " + zlib.decompressobj().decompress(rest[1:], 1 << 22)
        except zlib.error:
            return body
    if kind == b"iTXt":
        keyword, _, rest = body.partition(b"\x00")
        packed, rest = rest[:1] == b"\x01", rest[2:]
        parts = rest.split(b"\x00", 2)
        text = parts[-1]
        if packed:
            try:
                text = zlib.decompressobj().decompress(text, 1 << 22)
            except zlib.error:
                return body
        return b" ".join([keyword, *parts[:-1], text])
    return body.replace(b"\x00", b" ")

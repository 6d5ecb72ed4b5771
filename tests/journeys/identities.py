"""Looks for planted identities in bytes, whatever order, case, accents, encoding or date format they are written in."""

from __future__ import annotations

import csv
import gzip
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from pydicom import dcmread
from pydicom.errors import InvalidDicomError

ENCODINGS = ("utf-8", "latin-1", "utf-16-le", "utf-16-be", "iso2022_jp", "shift_jis", "euc_jp")
# Words that stand beside an identity in the answer key and are nobody's.
EVERYDAY = {"0000", "00000", "2019", "called", "cerebrale", "clinique", "discussed", "follow", "follow-up", "for", "from",
            "general", "hospital", "irm", "lane", "may", "mrs", "operator", "patient", "road", "rue", "thorax",
            "with"}  # fmt: skip
SURE = 6  # bytes beside zeros: a shorter one turns up in compressed or 16-bit pixel bytes by chance
DATE_FORMS = ("%Y%m%d", "%Y-%m-%d", "%Y.%m.%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %B %Y", "%d %b %Y")


def planted_words(answer_key: Path) -> set[str]:
    """Every planted value that must go, whole and word by word; dates in many forms."""
    words: set[str] = set()
    with answer_key.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            value = row["planted_value"].strip()
            if not value or "else keep" in row["expected_action"]:
                continue
            words.add(value)
            if re.fullmatch(r"\d{8}", value):
                day = datetime.strptime(value, "%Y%m%d")
                words |= {day.strftime(form) for form in DATE_FORMS}
            else:
                words |= set(re.split(r"[\s^=,]+", value))
    result = {word for word in words if len(word) >= 2 and word.lower() not in EVERYDAY and not _plain(word)}
    return result | {_without_accents(word) for word in result if len(_without_accents(word)) >= 3}


def _plain(word: str) -> bool:
    """A short everyday word of plain letters or figures, such as CT, Dr or 12."""
    return word.isascii() and len(word) < 5 and not any(c.isdigit() for c in word[1:-1])


def _without_accents(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


def needles_of(words: Iterable[str]) -> set[bytes]:
    """Each word in every encoding that can write it, in lower case as ASCII knows it (escapes of ISO 2022 taken off)."""
    result = set()
    for word in words:
        for encoding in ENCODINGS:
            for form in (word, word.lower(), word.upper(), unicodedata.normalize("NFD", word)):
                try:
                    raw = form.encode(encoding)
                except UnicodeEncodeError:
                    continue
                result.add(re.sub(rb"\x1b[($][BJ@]", b"", raw).lower() if encoding == "iso2022_jp" else raw.lower())
    return {needle for needle in result if len(needle) >= 4}


def layers(name: str, content: bytes) -> Iterator[tuple[str, bytes, bytes]]:
    """`(where, all bytes, bytes without pixels)` of a file and of everything compressed or packed inside it."""
    yield name, content, _header(content)
    if content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield f"{name}: directory", *(("\n".join(archive.namelist()).encode(),) * 2)
            for member in archive.infolist():
                yield f"{name}: extras", *((member.extra + member.comment,) * 2)
                yield from layers(f"{name}/{member.filename}", archive.read(member))
    elif content[:2] == b"\x1f\x8b":
        inside = gzip.decompress(content)
        yield f"{name} inflated", inside, inside[:4096]  # a NIfTI header with its extensions
    elif content[:8] == b"\x89PNG\r\n\x1a\n":
        for start in (match.end() for match in re.finditer(rb"zTXt[^\0]*\0\0|iTXt[^\0]*\0\1", content)):
            yield f"{name} text", *((zlib.decompressobj().decompress(content[start:]),) * 2)


def _header(content: bytes) -> bytes:
    """The bytes that are no pixels or compressed stream: all of a text, the elements before a DICOM file's pixel data."""
    if content[:2] == b"\x1f\x8b" or content[:8] == b"\x89PNG\r\n\x1a\n" or content[:4] == b"PK\x03\x04":
        return b""
    if content[128:132] == b"DICM":
        try:
            pixels = dcmread(io.BytesIO(content)).get("PixelData")
        except (InvalidDicomError, ValueError):
            return content
        return content.replace(pixels, b"") if isinstance(pixels, bytes) and pixels else content
    return content


def find_planted(needles: set[bytes], name: str, content: bytes) -> list[str]:
    """Where a planted identity stands, never which: `file: needle's length`. Short ones are looked for outside pixels only."""
    result = []
    for where, everything, text in layers(name, content):
        lowered, lowered_text = everything.lower(), text.lower()
        for needle in needles:
            if needle in (lowered if len(needle.replace(b"\0", b"")) >= SURE else lowered_text):
                result.append(f"{where}: {needle!r}")
    return result

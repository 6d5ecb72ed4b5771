"""Searches files and folders for anything identifying that is left in them."""

import mmap
from collections.abc import Iterable, Iterator
from pathlib import Path

from concours.second_check import tags
from concours.second_check.dicom_rules import is_only_a_date, judge_elements, readings
from concours.second_check.dicom_tokens import DicomFile, LeafElement, is_dicom, read_dicom
from concours.second_check.finding import Finding
from concours.second_check.known import SearchedIdentifiers
from concours.second_check.other_formats import Content, chunks
from concours.second_check.own_words import own_identifiers
from concours.second_check.pictures import (
    DecodedPixels,
    codestream_notes,
    icon_findings,
    overlay_findings,
    unseen_bits,
    writing_in,
)
from concours.second_check.raw_search import SHORTEST_IN_PIXELS, inflated_streams, places, search_bytes
from concours.second_check.text_rules import kind_in_prose

_PROSE_LIMIT = 1 << 20
_RUN_ON = 256
_MAPPED = 4 << 20  # bytes


def find_identifiers(
    paths: Iterable[Path | str], identifiers: Iterable[str] = (), *, read_pixels: bool = True, root: Path | None = None
) -> list[Finding]:
    """Everything identifying that is left in these files (folders are entered), sorted; an empty list is what one wants.

    `known` are the identifiers of the people concerned that the quarantine still holds: names, numbers, dates, addresses,
    UIDs, in any form. They are searched in any spelling, order, accent, encoding and date format. What a header that still
    names its patient gives away is searched in all files too. `read_pixels` also reads sampled frames optically.
    File names in findings are relative to `root`. Values never appear in a finding.
    """
    searched = identifiers if isinstance(identifiers, SearchedIdentifiers) else SearchedIdentifiers(identifiers)
    files = list(files_below(paths))
    findings, own = _search(files, searched, read_pixels, root)
    if not own <= set(searched.strings):  # few do; only then is all searched again, for what these headers say
        findings, _ = _search(files, searched.extended(own), read_pixels, root)
    return sorted(findings)


def _search(
    files: Iterable[Path], identifiers: SearchedIdentifiers, read_pixels: bool, root: Path | None
) -> tuple[set[Finding], set[str]]:
    """What is found in the files, and what their headers give away."""
    sampled: set[str] = set()
    findings: set[Finding] = set()
    own: set[str] = set()
    for path in files:
        name = str(path.relative_to(root)) if root is not None and path.is_relative_to(root) else str(path)
        data = _content(path)
        parsed = read_dicom(data) if isinstance(data, bytes) and is_dicom(data) else None
        if parsed is not None:
            own |= own_identifiers(parsed)
        for where, kind in _search_file(path.name, name, data, parsed, identifiers, sampled, read_pixels):
            findings.add(Finding(name, where, kind))
    return findings, own


def _content(path: Path) -> Content:
    """The file's bytes; mapped where it is large and no DICOM: of a mask as large as the exam only the header is looked at."""
    with path.open("rb") as file:
        if path.stat().st_size < _MAPPED or is_dicom(file.read(132)):
            return path.read_bytes()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def files_below(paths: Iterable[Path | str]) -> Iterator[Path]:
    """The regular files among and below these paths, in order; symbolic links are not followed."""
    for path in map(Path, paths):
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.is_file() and not p.is_symlink())
        elif path.is_file():
            yield path


def _search_file(
    called: str,
    name: str,
    data: Content,
    parsed: DicomFile | None,
    identifiers: SearchedIdentifiers,
    sampled: set[str],
    read_pixels: bool,
) -> Iterator[tuple[str, str]]:
    if identifiers and identifiers.kind_in(name):
        yield "file name", "known identifier in the file name"
    if parsed is not None and isinstance(data, bytes):
        yield from _search_dicom(data, parsed, identifiers, sampled, read_pixels)
        return
    for where, chunk, prose in chunks(called, data):
        if isinstance(chunk, bytes) and is_dicom(chunk):
            for inner, rule in _search_dicom(chunk, read_dicom(chunk), identifiers, sampled, read_pixels):
                yield f"{where}: {inner}", rule
        elif kind := _kind_in_chunk(chunk, identifiers, prose):
            yield where, kind


def _kind_in_chunk(chunk: Content, identifiers: SearchedIdentifiers, prose: bool) -> str | None:
    if identifiers and next(search_bytes(chunk, identifiers), None) is not None:
        return "known identifier in bytes"
    if not prose:
        return None
    for text in readings(chunk[:_PROSE_LIMIT].rstrip(b"\x00 "), ["utf-8", "latin-1"])[:1]:
        clean = text.replace("\x00", " ")
        if identifiers and (kind := identifiers.kind_in(clean)):
            return kind
        if kind := kind_in_prose(clean):
            return kind
    return None


def _search_dicom(
    data: bytes, parsed: DicomFile, identifiers: SearchedIdentifiers, sampled: set[str], read_pixels: bool
) -> Iterator[tuple[str, str]]:
    yield from judge_elements(parsed, identifiers)
    picture = DecodedPixels(parsed)
    yield from unseen_bits(picture)
    yield from codestream_notes(picture, identifiers)
    yield from icon_findings(parsed)
    if identifiers:
        yield from _known_bytes(data, parsed, identifiers)
        for token in parsed.tokens:
            if token.tag == tags.EncapsulatedDocument:
                for _offset, stream in inflated_streams(bytes(token.value)):
                    if kind := _kind_in_chunk(stream, identifiers, True):
                        yield f"{token.path} stream", kind
    if read_pixels:
        yield from overlay_findings(picture, identifiers)
        yield from writing_in(picture, identifiers, sampled)


def _known_bytes(data: bytes, parsed: DicomFile, identifiers: SearchedIdentifiers) -> Iterator[tuple[str, str]]:
    inside = [token for token in parsed.tokens if token.path != "trailing bytes"]
    meta = [token for token in inside if token.tag >> 16 == 2]
    body = inside if parsed.body is data else [token for token in inside if token.tag >> 16 != 2]
    pixels = [token for token in body if token.tag == tags.PixelData]
    if outside := places(_outside(parsed.body, pixels, identifiers), body):
        dates = {token.path for token in body if is_only_a_date(token)}  # judged as elements
        for where in outside - dates:
            yield where, "known identifier in bytes"
    if parsed.body is not data:
        for where in places(search_bytes(data[: parsed_start(data, meta)], identifiers), meta):
            yield where, "known identifier in bytes"
    for token in pixels:
        if next(search_bytes(token.value, identifiers, SHORTEST_IN_PIXELS), None) is not None:
            yield token.path, "known identifier in pixel bytes"


def _outside(body: bytes, pixels: Iterable[LeafElement], identifiers: SearchedIdentifiers) -> Iterator[int]:
    """Offsets of known identifiers that do not begin in pixel data; these are searched on their own, by another measure."""
    view, position = memoryview(body), 0
    for token in [*sorted(pixels, key=lambda token: token.offset), None]:
        end = token.offset if token is not None else len(body)
        start = max(0, position - 1)  # what stands before a needle counts, and a needle may run on into the pixels
        for offset in search_bytes(view[start : end + _RUN_ON], identifiers):
            if position <= start + offset < end:
                yield start + offset
        position = end + (len(token.value) if token is not None else 0)


def parsed_start(data: bytes, meta: Iterable[object]) -> int:
    """Where the file meta ends, for a deflated file whose body is counted apart."""
    ends = [token.offset + len(token.value) for token in meta]  # type: ignore[attr-defined]
    return max(ends, default=132)

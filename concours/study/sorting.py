"""Runs in a limited child: unpacks what a centre sent and says what each file is. Plain: paths in, JSON out."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import struct
import warnings
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from concours.formats import nifti, nrrd
from concours.formats.archive import unpack
from concours.formats.fault import Fault, FormatError, gettext_noop
from concours.formats.manifest import SubmissionLimits
from concours.formats.stored import Stored
from concours.formats.xlsx import read_xlsx
from concours.study.dicom_header import DamagedHeaderError, read_header
from concours.study.kinds import Rank, object_kind
from concours.study.sent import MASK_ENDINGS, TABLE_ENDINGS, MaskGrid, SentFile

ZIP, DICOM = b"PK", b"DICM"
DICOM_ENDINGS = (".dcm", ".dicom", ".ima")
WORKBOOK_HEAD = 128  # bytes in which the name of an archive's first member is
HEAD = 1 << 16  # bytes of a mask that hold its header
LARGEST_TABLE = 1 << 20  # bytes of a table whose columns are read; a larger one is no list of values of one exam
DAMAGED = gettext_noop("'%(name)s' is a damaged DICOM file. Export the exam from the PACS again and upload it again.")
NO_UIDS = gettext_noop("'%(name)s' has no study, series or instance UID. Export the exam from the PACS again.")
NOT_DICOM = gettext_noop("'%(name)s' is not a DICOM file. Export the exam from the PACS again and upload it again.")
EMPTY = gettext_noop("The archive is empty. Add the exam's files.")
PROGRAMS = (
    ".exe",
    ".dll",
    ".inf",
    ".bat",
    ".cmd",
    ".msi",
    ".jar",
    ".app",
    ".dmg",
    ".so",
    ".sys",
    ".ocx",
    ".com",
    ".ini",
)


def sort(
    paths: list[str], names: list[str], into: str, limits: dict[str, int], modalities: list[str]
) -> list[dict[str, Any]]:
    """What each file is, as `SentFile` in JSON.

    `paths` are uploads as they lie on the disk, `names` what their senders call them; compressed members of a ZIP archive are
    unpacked into `into` under our own names, the others stay where they are. `modalities` are those of the question's images.
    Raises FormatError where an archive cannot be used at all.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of each odd value; what matters of it is a fault
        files = all_files(paths, names, Path(into), SubmissionLimits(**limits), modalities)
    if not files:
        raise FormatError(Fault("empty_submission", "archive", EMPTY))
    return [file.to_json() for file in files]


def all_files(
    paths: list[str], names: list[str], into: Path, limits: SubmissionLimits, modalities: Collection[str]
) -> list[SentFile]:
    """Every file of uploads, unpacked where it has to be, with what its first bytes say."""
    files: list[SentFile] = []
    for number, (path, name) in enumerate(zip(paths, names, strict=True)):
        head = _head(Stored(Path(path), name, 0, Path(path).stat().st_size), WORKBOOK_HEAD)
        if head[:2] == ZIP and not is_workbook(head):
            folder = into / f"{number:06d}"
            folder.mkdir()
            nested: list[str] = []
            members = unpack(path, folder, limits, in_place=True, nested=nested)
            files += [
                sort_file(Stored(member.path, member.name, member.offset, member.size), member.sha256, modalities)
                for member in members
            ]
            files += [SentFile(member, path, 0, 0, "", "archive", Rank.NEVER) for member in nested]
        else:
            with Path(path).open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            files.append(sort_file(Stored(Path(path), name, 0, Path(path).stat().st_size), digest, modalities))
    return files


def sort_file(place: Stored, sha256: str, modalities: Collection[str]) -> SentFile:
    file = SentFile(place.name, str(place.path), place.offset, place.size, sha256, "other_file", Rank.NEVER)
    if not place.size:
        return replace(file, kind="empty_file")
    if _head(place, 132)[128:] == DICOM:
        return _dicom(place, file, modalities)
    lowered = place.name.lower()
    if lowered.endswith(DICOM_ENDINGS):
        return replace(file, kind="damaged", fault=Fault("not_dicom", place.name, NOT_DICOM, {"name": place.name}))
    ending = next((suffix for suffix in (*MASK_ENDINGS, *TABLE_ENDINGS) if lowered.endswith(suffix)), "")
    ending = true_ending(_head(place, WORKBOOK_HEAD), ending)
    if ending in MASK_ENDINGS:
        return replace(file, kind="mask", rank=Rank.CANDIDATE, ending=ending, grid=_grid(place, ending))
    if ending in TABLE_ENDINGS:
        return replace(file, kind="table", rank=Rank.CANDIDATE, ending=ending, columns=_columns(place, ending))
    return replace(file, kind="program") if lowered.endswith(PROGRAMS) else file


def is_workbook(head: bytes) -> bool:
    """Whether a ZIP archive is an Office document such as a workbook: the name of its first member says so."""
    if head[:4] != b"PK\x03\x04" or len(head) < 30:
        return False
    first = head[30 : 30 + int.from_bytes(head[26:28], "little")]
    return first.startswith((b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/"))


def true_ending(head: bytes, ending: str) -> str:
    """The ending by the content where a file was renamed: a workbook called .csv, a gzip called .nii, and the reverse."""
    if ending in (".nii", ".nii.gz"):
        return ".nii.gz" if head[:2] == nifti.GZIP else ".nii"
    if ending == ".csv" and head[:2] == ZIP and is_workbook(head):
        return ".xlsx"
    return ".csv" if ending == ".xlsx" and head[:2] != ZIP else ending


def _head(place: Stored, size: int) -> bytes:
    with place.open() as source:
        return source.read(size)


def _dicom(place: Stored, file: SentFile, modalities: Collection[str]) -> SentFile:
    name = place.name
    try:
        header, kinds = read_header(place)
    except DamagedHeaderError:
        return replace(file, kind="damaged", fault=Fault("unreadable_file", name, DAMAGED, {"name": name}))
    kind, rank = object_kind(kinds, modalities)
    if rank is not Rank.NEVER and not (header.study and header.series and header.instance):
        return replace(file, kind="damaged", fault=Fault("unreadable_file", name, NO_UIDS, {"name": name}))
    return replace(file, kind=kind, rank=rank, header=header)


def _grid(place: Stored, ending: str) -> MaskGrid | None:
    """Where a mask's voxels lie, by its header alone; None where it cannot be read: its own reader says why, later."""
    head = _head(place, HEAD)
    try:
        if ending in (".nii.gz", ".nii"):
            read = nifti.read_header(head, "mask")
            return MaskGrid(nifti.squeezed(read.shape, None), _rows(read.affine))
        if ending.endswith(".nrrd"):
            shape, affine = nrrd.read_grid(head, "mask")
            return MaskGrid(shape, None if affine is None else _rows(affine))
        if ending == ".png":
            columns, rows = struct.unpack(">II", head[16:24])
            return MaskGrid((columns, rows, 1)) if head[12:16] == b"IHDR" else None
    except (FormatError, ValueError, OSError, EOFError, struct.error):
        return None
    return None


def _rows(affine: Any) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(number) for number in row) for row in affine)


def _columns(place: Stored, ending: str) -> tuple[str, ...]:
    """The names that a table declares: its header row, the keys of its object, or the fields it lists one a row."""
    if place.size > LARGEST_TABLE:
        return ()
    content = _head(place, place.size)
    try:
        if ending == ".xlsx":
            table = read_xlsx(content, place.name)
            return _declared(list(table.columns), [list(row) for row in table.rows])
        text = content.decode("utf-8-sig", "replace")
        if ending == ".json":
            value = json.loads(text)
            value = value[0] if isinstance(value, list) and value else value
            return tuple(map(str, value)) if isinstance(value, dict) else ()
        first = text.splitlines()[0] if text.strip() else ""
        rows = list(csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count)))[:1000]
        return _declared(rows[0], rows[1:]) if rows else ()
    except (FormatError, ValueError, RecursionError, csv.Error):
        return ()


def _declared(columns: list[str], rows: list[list[Any]]) -> tuple[str, ...]:
    columns = [str(name).strip() for name in columns]
    if {"field", "value"} <= set(columns):
        at = columns.index("field")
        return tuple(str(row[at]).strip() for row in rows if len(row) > at)
    return tuple(columns)

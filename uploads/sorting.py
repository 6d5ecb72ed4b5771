"""Runs in a limited child: unpacks what a centre sent and says what each file is. Plain: paths in, JSON out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from formats.archive import unpack
from formats.fault import Fault, FormatError, gettext_noop
from formats.manifest import Limits
from formats.stored import Stored

ZIP = b"PK"
HEADER_TAGS = [
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "PatientID",
    "IssuerOfPatientID",
    "Modality",
]
NOT_DICOM = gettext_noop(
    "'%(name)s' is neither a DICOM file nor a mask or table that this question asks for. Leave it out, or export it again."
)
DAMAGED = gettext_noop("'%(name)s' is a damaged DICOM file. Export the exam from the PACS again and resend it.")
NO_UIDS = gettext_noop("'%(name)s' has no study, series or instance UID. Export the exam from the PACS again.")


def sort(paths: list[str], names: list[str], into: str, limits: dict[str, int], suffixes: list[str]) -> dict[str, Any]:
    """What each file is: `{"files": [{"path", "offset", "name", "sha256", "size", "dicom" | "other"}], "faults": [...]}`.

    `paths` are uploads as they lie on the disk, `names` what their senders call them; compressed members of a ZIP archive are
    unpacked into `into` under our own names, the others stay where they are: `size` bytes from `offset` of the archive.
    `suffixes` are the endings of masks and tables that may lie beside DICOM files.
    Raises FormatError where an archive cannot be used at all.
    """
    files: list[dict[str, Any]] = []
    faults: list[Fault] = []
    for number, (path, name) in enumerate(zip(paths, names, strict=True)):
        with Path(path).open("rb") as start:
            head = start.read(4)
        if head[:2] == ZIP and not name.lower().endswith(".xlsx"):
            folder = Path(into) / f"{number:06d}"
            folder.mkdir()
            files += [
                {**vars(member), "path": str(member.path)}
                for member in unpack(path, folder, Limits(**limits), in_place=True)
            ]
        else:
            files.append({"path": path, "offset": 0, "name": name, "sha256": "", "size": Path(path).stat().st_size})
    for file in files:
        fault = _identify(file, suffixes)
        if fault:
            faults.append(fault)
    if not files:
        raise FormatError(
            Fault("empty_submission", "archive", gettext_noop("The archive is empty. Add the exam's files."))
        )
    return {"files": files, "faults": [fault.to_json() for fault in faults]}


def _identify(file: dict[str, Any], suffixes: list[str]) -> Fault | None:
    name = file["name"]
    place = Stored(Path(file["path"]), name, file["offset"], file["size"])
    with place.open() as source:
        preamble = source.read(132)
    if preamble[128:] != b"DICM":
        ending = next((suffix for suffix in suffixes if name.lower().endswith(suffix)), "")
        if ending and file["size"]:
            file["other"] = ending
            return None
        return Fault("not_dicom", name, NOT_DICOM, {"name": name})
    try:
        with place.open() as source:
            header = dcmread(source, stop_before_pixels=True, specific_tags=HEADER_TAGS)
        told = {keyword: _text(header.get(keyword)) for keyword in HEADER_TAGS}
    except (InvalidDicomError, ValueError, KeyError, TypeError, AttributeError, OSError, EOFError, NotImplementedError):
        return Fault("unreadable_file", name, DAMAGED, {"name": name})
    if not told["StudyInstanceUID"] or not told["SOPInstanceUID"] or not told["SeriesInstanceUID"]:
        return Fault("unreadable_file", name, NO_UIDS, {"name": name})
    file["dicom"] = told
    return None


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()[:128]

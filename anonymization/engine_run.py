"""Runs in a limited child: de-identifies one exam's originals and looks a second time. Plain: paths in, JSON out.

What the originals say of the person goes from the engine's side to the second check's through a file of the working folder, never
to the parent, its logs or the database.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Hashable, Iterator
from datetime import date, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import STANDARD_VR

from anonymization.deid import Deidentifier, date_shift_days, pseudonym
from anonymization.deid.other_files import clean_file
from anonymization.deid.reading import PixelReader
from anonymization.second_check import find_identifiers
from formats.dicom import content_key
from formats.stored import Stored

IDENTITY_GROUP = 0x0010
KNOWN_KEYWORDS = (
    "AccessionNumber",
    "ReferringPhysicianName",
    "PerformingPhysicianName",
    "OperatorsName",
    "InstitutionName",
    "InstitutionAddress",
    "StationName",
    "DeviceSerialNumber",
    "StudyDate",
)
KNOWN_TAGS = frozenset(Tag(keyword) for keyword in KNOWN_KEYWORDS)
# What names nobody outside of the tags above. A stated VR of UN, or none, may hide a sequence or a name.
PLAIN_VRS = frozenset(STANDARD_VR - {"PN", "SQ", "UN"})
NOT_IDENTIFYING = {"PatientSex", "PatientAge", "PatientSize", "PatientWeight", "PatientPosition", "PatientComments"}
READ_ERRORS = (
    InvalidDicomError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OSError,
    EOFError,
    NotImplementedError,
)


def run(
    files: list[dict[str, Any]], folder: str, key: bytes, centre: str, keep: list[str], dates: list[str]
) -> dict[str, Any]:
    """De-identifies `files` and `folder/original` into `folder/clean`.

    `files` are the exam's images and annotations where they lie (`Stored`, called `dicom/<image>/*.dcm` and
    `annotations/<field>.<ext>`); `folder/original` holds `tables/*`, `values.json`, and `names.json` with what the centre called
    each DICOM file; `dates` names the fields that hold dates. Returns `{"pseudonym", "files": [report and
    image], "annotations": {field: name}, "values", "tables", "findings"}`.
    """
    original, clean = Path(folder) / "original", Path(folder) / "clean"
    (clean / "annotations").mkdir(parents=True)
    engine = Deidentifier(key, centre=centre, keep=keep, examine=PixelReader(decode_here=True))
    reports, identifiers, patient = [], set(), ""
    instances: set[str] = set()
    remembered: dict[Hashable, tuple[str, ...]] = {}
    for image in _below("dicom/", files):
        report = engine.deidentify_file(image, clean / "dicom")
        told, who, instance = _identifiers_of(image, remembered)
        _, place, name = PurePosixPath(image.name).parts
        reports.append({**report.to_json(), "image": place, "source": name})
        if instance in instances:  # equal copies were left out when the exam was received: this one has other bytes
            reports[-1]["second_content"] = True
        instances |= {instance} - {""}
        identifiers |= told
        patient = patient or who
    _call_by_name(reports, original / "names.json", identifiers)
    annotations = {}
    for sent in _below("annotations/", files):
        called = PurePosixPath(sent.check().name).name
        field, _, ending = called.partition(".")
        target = clean / "annotations" / called
        if ending == "dcm":
            report = engine.deidentify_file(sent, clean / "segmentation")
            if report.output:
                # Copied: a confined process may not move a file into another folder.
                shutil.copyfile(clean / "segmentation" / report.output, target)
                annotations[field] = called
            reports.append({**report.to_json(), "image": field, "source": called, "annotation": True})
        elif ending == "npy":
            with sent.open() as content:  # a header of our own, no padding
                np.save(target, np.load(content, allow_pickle=False), allow_pickle=False)
            annotations[field] = called
        else:
            cleaned = clean_file(sent, clean / "annotations", key, called=field)
            if cleaned.refused:
                reports.append(_refusal(called, field, cleaned.refused))
                continue
            annotations[field] = cleaned.name
    shift = date_shift_days(key, centre, patient)
    values = json.loads((original / "values.json").read_text()) if (original / "values.json").exists() else {}
    tables = {path.name: _table(path) for path in sorted((original / "tables").glob("*"))}
    found = find_identifiers([clean], identifiers, root=clean)
    return {
        "pseudonym": pseudonym(key, centre, patient),
        "files": reports,
        "annotations": annotations,
        "values": _shifted(values, dates, shift),
        "tables": {name: [_shifted(row, dates, shift) for row in rows] for name, rows in tables.items()},
        "findings": [finding.as_dict() for finding in found],
    }


def _below(folder: str, files: list[dict[str, Any]]) -> list[Stored]:
    """The files of one folder in the order of their names."""
    found = [Stored.from_json(file) for file in files if file["name"].startswith(folder)]
    return sorted(found, key=lambda one: PurePosixPath(one.name).parts)


def _call_by_name(reports: list[dict[str, Any]], path: Path, identifiers: set[str]) -> None:
    """`called`: what the centre calls a refused file, so that it finds it; nothing where the name tells of the person."""
    names = json.loads(path.read_text()) if path.exists() else {}
    told = {word.lower() for text in identifiers for word in re.findall(r"\w{3,}", text)}
    for report in reports:
        name = names.get(f"dicom/{report['image']}/{report['source']}", "")
        if report["outcome"] == "refused" and not any(word in name.lower() for word in told):
            report["called"] = name


def _refusal(name: str, field: str, reason: str) -> dict[str, Any]:
    detail = "The annotation is damaged or of a kind that is not taken."
    return {
        "outcome": "refused",
        "reason": reason,
        "detail": detail,
        "image": field,
        "source": name,
        "annotation": True,
    }


def _identifiers_of(image: Stored, remembered: dict[Hashable, tuple[str, ...]]) -> tuple[set[str], str, str]:
    """What the original says of the person, the patient's number, and the instance's UID."""
    try:
        with image.open() as source:
            dataset = dcmread(source, stop_before_pixels=True, force=False)
    except READ_ERRORS:
        return set(), "", ""
    number, instance = (str(dataset.get(keyword, "") or "").strip() for keyword in ("PatientID", "SOPInstanceUID"))
    return set(_walk(dataset, remembered)), number, instance


def _walk(dataset: Dataset, remembered: dict[Hashable, tuple[str, ...]]) -> Iterator[str]:
    """Texts of elements that may name the person. Only these are converted: a chest CT has 20 000 others.

    Most say the same in every slice: what one said is `remembered` by its bytes.
    """
    for tag, raw in list(dataset.items()):
        try:
            if not _may_name(tag, raw):
                continue
            key = content_key(dataset, raw)
            if key in remembered:
                yield from remembered[key]
                continue
            element = dataset[tag]
            if element.VR == "SQ":
                for item in element.value:
                    yield from _walk(item, remembered)
                continue
            texts = tuple(_texts(element, tag))
            if key is not None:
                remembered[key] = texts
            yield from texts
        except READ_ERRORS:
            continue


def _texts(element: DataElement, tag: BaseTag) -> Iterator[str]:
    if element.keyword not in NOT_IDENTIFYING and (
        element.VR == "PN"
        or element.keyword in KNOWN_KEYWORDS
        or (tag.group == IDENTITY_GROUP and element.VR not in ("CS", "AS", "DS", "US", "UI"))
    ):
        value = element.value
        for part in value if isinstance(value, list | tuple) else [value]:
            text = str(part or "").strip()
            if len(text) >= 3:
                yield text


def _may_name(tag: BaseTag, raw: DataElement | RawDataElement) -> bool:
    """By tag and VR alone; a VR that the file does not state is looked up when the element is converted."""
    return raw.VR not in PLAIN_VRS or tag.group == IDENTITY_GROUP or tag in KNOWN_TAGS


def _table(path: Path) -> list[dict[str, Any]]:
    """Rows of a small table or JSON file that came with the exam; values stay text."""
    if path.suffix == ".json":
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        rows = content if isinstance(content, list) else [content]
        return [row for row in rows if isinstance(row, dict)][:1000]
    if path.suffix == ".xlsx":
        from formats.xlsx import read_xlsx

        table = read_xlsx(path.read_bytes(), path.name)
        return [dict(zip(table.columns, row, strict=False)) for row in table.rows][:1000]
    text = path.read_text(encoding="utf-8-sig")
    first = text.splitlines()[0] if text.strip() else ""
    delimiter = max(",;\t", key=first.count)
    return [dict(row) for row in csv.DictReader(io.StringIO(text), delimiter=delimiter)][:1000]


def _shifted(values: dict[str, Any], dates: list[str], days: int) -> dict[str, Any]:
    """Fields that hold dates move like every other date of the person; what is no date is dropped."""
    moved = dict(values)
    for name in dates:
        if values.get(name):
            try:
                moved[name] = (date.fromisoformat(str(values[name])) + timedelta(days=days)).isoformat()
            except (ValueError, OverflowError):
                moved.pop(name)
    return moved

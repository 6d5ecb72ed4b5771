"""Runs in a limited child: de-identifies one exam's originals and looks a second time. Plain: paths in, JSON out.

What the originals say of the person goes from the engine's side to the second check's through a file of the working folder, never
to the parent, its logs or the database.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
from pydicom import dcmread
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import STANDARD_VR

from concours.deid import CentreKey, Deidentifier, FileReport, PreparedKey
from concours.deid.other_files import clean_file
from concours.deid.pixel_text.examine import PixelExaminer
from concours.deid.report import REFUSED
from concours.deid.value_rules import DUMMY_TEXT
from concours.deid.values import Declared, KnownIdentifiers, admit_exam, patient_of, write_for_second_check
from concours.formats.dicom import content_key
from concours.formats.json import JsonObject
from concours.formats.stored import Stored
from concours.second_check import find_identifiers
from concours.study.cleaned import CleanedExam, CleanedFile
from concours.study.originals import PREPARED
from concours.study.structures import keep_regions

DUMMY = DUMMY_TEXT.decode("ascii")
Told = tuple[str, str]  # person, number or place; and what the header says
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
PLACES = frozenset(("InstitutionName", "InstitutionAddress", "StationName"))
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


def run(files: list[JsonObject], folder: str, secret: bytes, keep: list[str], fields: list[JsonObject]) -> JsonObject:
    """De-identifies `files` and `folder/original` into `folder/clean`.

    `files` are the exam's images and annotations where they lie (`Stored`, called `dicom/<image>/*.dcm` and
    `annotations/<field>.<ext>`); `folder/original` holds `tables/*`, `values.json`, `names.json` with what the centre called
    each DICOM file, and `regions.json` with the regions of contours that are masks; `secret` is the centre's key, `fields`
    are the declared ones (`Declared`). With `prepared.json` identities that were given before stay.
    Returns a `CleanedExam` as JSON.
    """
    original, clean = Path(folder) / "original", Path(folder) / "clean"
    (clean / "annotations").mkdir(parents=True)
    prepared = (original / PREPARED).exists()
    key = PreparedKey(secret) if prepared else CentreKey(secret)
    engine = Deidentifier(key, keep=keep, examine=PixelExaminer(decode_here=True))
    cleaned: list[CleanedFile] = []
    identity_texts = set[Told]()
    person: FileReport | None = None
    instances: set[str] = set()
    remembered: dict[Hashable, tuple[Told, ...]] = {}
    for file in files:  # what any header says of the person leaves the texts of all
        engine.learn(Stored.from_json(file))
    for image in _below("dicom/", files):
        report = engine.deidentify_file(image, clean / "dicom")
        texts, instance = _identifiers_of(image, remembered)
        person = person or (report if report.pseudonym else None)
        _, place, name = PurePosixPath(image.name).parts
        # Equal copies were left out when the exam was received: one of a known instance has other bytes.
        second = instance in instances
        cleaned.append(CleanedFile(place, name, report.to_json(), has_second_content=second))
        instances |= {instance} - {""}
        identity_texts |= texts
    # The dummy is in files that were de-identified before they were sent.
    identity_texts = {(kind, text) for kind, text in identity_texts if text != DUMMY}
    if prepared and person is not None:
        own = person.pseudonym
        identity_texts = {(kind, text) for kind, text in identity_texts if text != own and not _is_date(text)}
    identifiers = KnownIdentifiers.of(
        *(
            {text for kind, text in identity_texts if kind == wanted_kind}
            for wanted_kind in ("person", "number", "place")
        )
    )
    cleaned = _with_names(cleaned, original / "names.json", identifiers.all())
    regions = _regions(original / "regions.json")
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
                if field in regions:
                    keep_regions(target, regions[field], field)
                annotations[field] = called
            cleaned.append(CleanedFile(field, called, report.to_json(), is_annotation=True))
        elif ending == "npy":
            with sent.open() as content:  # a header of our own, no padding
                np.save(target, np.load(content, allow_pickle=False), allow_pickle=False)
            annotations[field] = called
        else:
            written = clean_file(sent, clean / "annotations", secret, called=field)
            if written.refused:
                cleaned.append(_refusal(called, field, written.refused))
                continue
            annotations[field] = written.name
    patient = patient_of(original)
    shift = person.shift_days if person else key.shift_days(patient)
    declared = [Declared.from_json(field) for field in fields]
    admission, identifiers = admit_exam(
        original, {declared_field.name: declared_field for declared_field in declared}, identifiers, shift
    )
    write_for_second_check(admission, clean / "values")
    findings = find_identifiers([clean], identifiers.all(), root=clean)
    return CleanedExam(
        pseudonym=person.pseudonym if person else key.pseudonym(patient),
        files=tuple(cleaned),
        annotations=annotations,
        values=admission.values,
        texts=tuple(admission.texts),
        faults=tuple(admission.faults),
        findings=tuple(finding.as_dict() for finding in findings),
    ).to_json()


def _is_date(text: str) -> bool:
    """A date of a prepared exam is one that was moved: it stays, and says nothing."""
    return len(text) == 8 and text.isdigit()


def _below(folder: str, files: list[JsonObject]) -> list[Stored]:
    """The files of one folder in the order of their names."""
    files_below = [Stored.from_json(file) for file in files if file["name"].startswith(folder)]
    return sorted(files_below, key=lambda stored: PurePosixPath(stored.name).parts)


def _with_names(files: Sequence[CleanedFile], path: Path, identifiers: set[str]) -> list[CleanedFile]:
    """`called`: what the centre calls a refused file, so that it finds it; nothing where the name tells of the person."""
    names = json.loads(path.read_text()) if path.exists() else {}
    identifying_words = {word.lower() for text in identifiers for word in re.findall(r"\w{3,}", text)}
    named = []
    for file in files:
        name = names.get(f"dicom/{file.image}/{file.source}", "")
        shown = file.is_refused and not any(word in name.lower() for word in identifying_words)
        named.append(replace(file, called=name) if shown else file)
    return named


def _regions(path: Path) -> dict[str, dict[int, int]]:
    """Field -> ROI number -> label, as reception chose them by the names that the centre gave."""
    document = json.loads(path.read_text()) if path.exists() else {}
    return {field: {int(number): int(label) for number, label in labels.items()} for field, labels in document.items()}


def _refusal(name: str, field: str, reason: str) -> CleanedFile:
    detail = "The annotation is damaged or of a kind that is not taken."
    entry = {"outcome": REFUSED, "reason": reason, "detail": detail}
    return CleanedFile(field, name, entry, is_annotation=True)


def _identifiers_of(image: Stored, remembered: dict[Hashable, tuple[Told, ...]]) -> tuple[set[Told], str]:
    """What the original says of the person, and the instance's UID."""
    try:
        with image.open() as source:
            dataset = dcmread(source, stop_before_pixels=True, force=False)
    except READ_ERRORS:
        return set(), ""
    return set(_walk(dataset, remembered)), str(dataset.get("SOPInstanceUID", "") or "").strip()


def _walk(dataset: Dataset, remembered: dict[Hashable, tuple[Told, ...]]) -> Iterator[Told]:
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


def _texts(element: DataElement, tag: BaseTag) -> Iterator[Told]:
    if element.keyword not in NOT_IDENTIFYING and (
        element.VR == "PN"
        or element.keyword in KNOWN_KEYWORDS
        or (tag.group == IDENTITY_GROUP and element.VR not in ("CS", "AS", "DS", "US", "UI"))
    ):
        value = element.value
        for part in value if isinstance(value, list | tuple) else [value]:
            text = str(part or "").strip()
            if len(text) >= 3:
                yield "person" if element.VR == "PN" else "place" if element.keyword in PLACES else "number", text


def _may_name(tag: BaseTag, raw: DataElement | RawDataElement) -> bool:
    """By tag and VR alone; a VR that the file does not state is looked up when the element is converted."""
    return raw.VR not in PLAIN_VRS or tag.group == IDENTITY_GROUP or tag in KNOWN_TAGS

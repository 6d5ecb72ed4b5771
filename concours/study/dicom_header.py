"""The header of one DICOM file, as far as sorting an upload needs it; pixels are never read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from concours.formats.stored import Stored
from concours.study.kinds import SEGMENTATION, STRUCTURES
from concours.study.sent import SentHeader, Vector
from concours.study.structures import sent_regions

READ_ERRORS = (
    *(InvalidDicomError, ValueError, KeyError, TypeError, AttributeError),
    *(OSError, EOFError, NotImplementedError, OverflowError),
)
TAGS = [
    *("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "PatientID", "Modality", "ImageType"),
    *("SeriesNumber", "SeriesDescription", "ProtocolName", "FrameOfReferenceUID", "NumberOfFrames", "Rows", "Columns"),
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"),
]
REFERRING = (
    *("ReferencedSeriesSequence", "ReferencedFrameOfReferenceSequence", "RTReferencedStudySequence"),
    *("RTReferencedSeriesSequence", "SourceImageSequence", "ReferencedStudySequence"),
)
DRAWN = ("StructureSetROISequence", "ROIContourSequence")
DEEPEST = 4  # levels of sequences that lead from a structure set to its series (PS3.3 C.8.8.5)


class DamagedHeaderError(Exception):
    """The file says that it is DICOM, and its header cannot be read."""


def read_header(place: Stored) -> tuple[SentHeader, dict[str, Any]]:
    """The header, and what `kinds.object_kind` reads. Raises DamagedHeaderError."""
    try:
        with place.open() as source:
            dataset = dcmread(source, stop_before_pixels=True, specific_tags=[*TAGS, *REFERRING, *DRAWN])
            return _header(dataset), _kinds(dataset)
    except READ_ERRORS:
        raise DamagedHeaderError from None


def _kinds(dataset: Dataset) -> dict[str, Any]:
    types = dataset.get("ImageType") or ()
    return {
        "SOPClassUID": _class_of(dataset),
        "Modality": _text(dataset, "Modality"),
        "ImageType": [types] if isinstance(types, str) else [str(part) for part in types],
        "SeriesDescription": _text(dataset, "SeriesDescription"),
        "ProtocolName": _text(dataset, "ProtocolName"),
    }


def _header(dataset: Dataset) -> SentHeader:
    sop_class = _class_of(dataset)
    refers = sop_class in SEGMENTATION | STRUCTURES
    return SentHeader(
        patient=_text(dataset, "PatientID"),
        study=_text(dataset, "StudyInstanceUID"),
        series=_text(dataset, "SeriesInstanceUID"),
        instance=_text(dataset, "SOPInstanceUID"),
        modality=_text(dataset, "Modality").upper(),
        sop_class=sop_class,
        number=_text(dataset, "SeriesNumber"),
        description=_text(dataset, "SeriesDescription"),
        frame_of_reference=_text(dataset, "FrameOfReferenceUID"),
        frames=max(1, _whole(dataset, "NumberOfFrames")),
        rows=_whole(dataset, "Rows"),
        columns=_whole(dataset, "Columns"),
        position=_vector(dataset, "ImagePositionPatient", 3),
        orientation=_vector(dataset, "ImageOrientationPatient", 6),
        spacing=_vector(dataset, "PixelSpacing", 2),
        refers_to=tuple(dict.fromkeys(_references(dataset))) if refers else (),
        regions=sent_regions(dataset) if sop_class in STRUCTURES else (),
    )


def _class_of(dataset: Dataset) -> str:
    """The SOP class; a directory (DICOMDIR) names it in the file meta information alone."""
    stated = _text(dataset, "SOPClassUID")
    meta = getattr(dataset, "file_meta", None)
    return stated or (_text(meta, "MediaStorageSOPClassUID") if meta is not None else "")


def _references(dataset: Dataset, depth: int = 0) -> Iterator[str]:
    """Series and frames of reference that the object refers to, its own frame of reference among them."""
    for keyword in ("SeriesInstanceUID", "FrameOfReferenceUID"):
        if (uid := _text(dataset, keyword)) and (depth or keyword == "FrameOfReferenceUID"):
            yield uid
    for keyword in REFERRING if depth < DEEPEST else ():
        for item in dataset.get(keyword) or ():
            yield from _references(item, depth + 1)


def _text(dataset: Dataset, keyword: str) -> str:
    value = dataset.get(keyword)
    return "" if value is None else str(value).strip()[:128]


def _whole(dataset: Dataset, keyword: str) -> int:
    try:
        return int(dataset.get(keyword) or 0)
    except (TypeError, ValueError):
        return 0


def _vector(dataset: Dataset, keyword: str, length: int) -> Vector | None:
    try:
        value = tuple(float(number) for number in dataset.get(keyword) or ())
    except (TypeError, ValueError):
        return None
    return value if len(value) == length and all(abs(number) < 1e9 for number in value) else None

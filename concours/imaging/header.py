"""Reads what the headers say of each frame: geometry, rescale and units, of single-frame and multi-frame objects alike."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:  # this file reads parsed objects and plain values alike: it does without pydicom
    from pydicom.dataset import Dataset

Vector = tuple[float, ...]

# Enhanced objects say the same thing under another name (PS3.3 C.8.13 and C.8.15).
ALIASES = {
    "EffectiveEchoTime": "EchoTime",
    "InversionTimes": "InversionTime",
    "TemporalPositionIndex": "TemporalPositionIdentifier",
    "NominalCardiacTriggerDelayTime": "TriggerTime",
}
_KEYWORDS = """
    ImagePositionPatient ImageOrientationPatient PixelSpacing ImagerPixelSpacing SliceThickness
    Rows Columns SamplesPerPixel RescaleSlope RescaleIntercept RescaleType Units Modality PatientOrientation
"""
KEYWORDS = frozenset(_KEYWORDS.split())
LONGEST_TEXT, LONGEST_LIST = 200, 32
LARGEST = 1e9  # a coordinate beyond this is no distance in mm


@dataclass(frozen=True)
class Frame:
    """One frame of one file, as its header describes it; what is not stated is None or "".

    `file` is our own name of the file and `number` counts frames in it from 0. Positions and spacings are in mm
    (patient LPS); `orientation` holds the six cosines of ImageOrientationPatient, `pixel_spacing` is (between rows,
    between columns). `slope` and `intercept` turn stored values into `units` ("HU" for CT).
    """

    file: str
    number: int
    rows: int
    columns: int
    samples: int = 1
    position: Vector | None = None
    orientation: Vector | None = None
    pixel_spacing: Vector | None = None
    thickness: float | None = None
    slope: float = 1.0
    intercept: float = 0.0
    units: str = ""
    modality: str = ""
    patient_orientation: tuple[str, str] = ("", "")


def read_frames(dataset: Dataset, file: str) -> list[Frame]:
    """Return the frames of one parsed object in their stored order. Pixels are not needed.

    A frame of a multi-frame object has the position that its functional group states: the object's own position is that
    of its first frame alone, so without functional groups the frames of such an object have none.
    """
    top = {name: plain(value) for name, value in elements(dataset) if name in KEYWORDS}
    count = max(1, int(number({"n": plain(dataset.get("NumberOfFrames"))}, "n") or 1))
    groups = frame_groups(dataset, KEYWORDS, count)
    frames = []
    for n in range(count):
        stated = n < len(groups) or count == 1
        frames.append(frame_of({**top, **(groups[n] if n < len(groups) else {})}, file, n, positioned=stated))
    return frames


def _nuclear(dataset: Dataset, count: int) -> list[dict[str, Any]]:
    """Position of each frame of a reconstructed nuclear medicine volume; empty for any other object.

    It states the first slice in DetectorInformationSequence and SpacingBetweenSlices, whose sign says to which side of
    it the others are stacked: positive along the normal, negative against it (PS3.3 C.8.4.15.1.1).
    """
    kind = plain(dataset.get("ImageType"))
    detectors = dataset.get("DetectorInformationSequence")
    step = number({"step": plain(dataset.get("SpacingBetweenSlices"))}, "step")
    if not isinstance(kind, list) or "RECON TOMO" not in kind or not detectors or not step:
        return []
    detector = {name: plain(value) for name, value in elements(detectors[0])}
    first = vector(detector.get("ImagePositionPatient"), 3)
    cosines = vector(detector.get("ImageOrientationPatient"), 6)
    slices = plain(dataset.get("SliceVector")) if count <= LONGEST_LIST else list(dataset.get("SliceVector") or [])
    if first is None or cosines is None:
        return []
    order = [int(n) - 1 for n in slices] if isinstance(slices, list) and len(slices) == count else range(count)
    normal = np.cross(cosines[:3], cosines[3:])
    return [
        {"ImagePositionPatient": [float(mm) for mm in first + n * step * normal], "ImageOrientationPatient": cosines}
        for n in order
    ]


def frame_of(header: Mapping[str, Any], file: str, number_in_file: int = 0, *, positioned: bool = True) -> Frame:
    """Return a frame from plain values by DICOM keyword (`KEYWORDS`); `positioned` says whether its position is its own."""
    slope = number(header, "RescaleSlope")
    modality = str(header.get("Modality") or "")
    directions = header.get("PatientOrientation")
    directions = directions if isinstance(directions, list) and len(directions) == 2 else ("", "")
    return Frame(
        file=file,
        number=number_in_file,
        rows=int(number(header, "Rows") or 0),
        columns=int(number(header, "Columns") or 0),
        samples=int(number(header, "SamplesPerPixel") or 1),
        position=vector(header.get("ImagePositionPatient"), 3) if positioned else None,
        orientation=vector(header.get("ImageOrientationPatient"), 6) if positioned else None,
        # Projection images state the distance at the detector (PS3.3 10.7.1.3).
        pixel_spacing=vector(header.get("PixelSpacing"), 2) or vector(header.get("ImagerPixelSpacing"), 2),
        thickness=number(header, "SliceThickness"),
        slope=1.0 if slope is None else slope,
        intercept=number(header, "RescaleIntercept") or 0.0,
        units=_units(header, modality),
        modality=modality,
        patient_orientation=(str(directions[0] or ""), str(directions[1] or "")),
    )


def _units(header: Mapping[str, Any], modality: str) -> str:
    """CT is in Hounsfield units unless it says otherwise (PS3.3 C.11.1.1.2); PET states Units."""
    stated = str(header.get("RescaleType") or header.get("Units") or "")
    return stated or ("HU" if modality == "CT" else "")


def frame_groups(dataset: Dataset, keywords: Collection[str], count: int) -> list[dict[str, Any]]:
    """Return what a multi-frame object says of each of its `count` frames under `keywords`, as plain values.

    Shared functional groups are laid under each frame's own. The list is empty or shorter than `count` where the object
    does not say; the frames that are missing in it have no position.
    """
    shared: dict[str, Any] = {}
    for item in dataset.get("SharedFunctionalGroupsSequence", None) or []:
        shared |= _flat(item, keywords)
    frames = [_flat(item, keywords) for item in dataset.get("PerFrameFunctionalGroupsSequence", None) or []]
    if not frames and not shared:
        return _nuclear(dataset, count)
    return [{**shared, **frame} for frame in frames or [{}]]


def _flat(item: Dataset, keywords: Collection[str], depth: int = 0) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for keyword, value in elements(item):
        name = ALIASES.get(keyword, keyword)
        if name in keywords:
            flat[name] = plain(value)
        elif depth < 2 and type(value).__name__ == "Sequence":
            for inner in value[:1]:
                flat |= _flat(inner, keywords, depth + 1)
    return flat


def elements(dataset: Dataset) -> Iterator[tuple[str, Any]]:
    """Yield keyword and value of every element that can be read."""
    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
        except Exception:  # noqa: S112 - one unreadable element must not hide the others; pydicom raises many types
            continue
        yield element.keyword, element.value


def plain(value: Any) -> Any:
    """Return a DICOM value as str, int, float, a list of these, or None when it is empty."""
    if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue":
        return [plain(item) for item in value[:LONGEST_LIST]] or None
    if value is None or isinstance(value, bytes):
        return None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) or type(value).__name__ in ("DSdecimal", "DSfloat"):
        decimal = float(value)
        return decimal if decimal == decimal and abs(decimal) != float("inf") else None
    return str(value).strip()[:LONGEST_TEXT]


def vector(value: Any, length: int) -> Vector | None:
    """Return `length` finite floats, or None when the value is anything else."""
    if not isinstance(value, (list, tuple)) or len(value) != length:
        return None
    try:
        numbers = tuple(float(item) for item in value)
    except (TypeError, ValueError):
        return None
    return numbers if all(abs(item) < LARGEST for item in numbers) else None


def number(header: Mapping[str, Any], keyword: str) -> float | None:
    """Return one value of a header as a float (the first of several), None when it is absent or no number."""
    value = header.get(keyword)
    value = value[0] if isinstance(value, list) and value else value
    try:
        return None if value in (None, "") else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None

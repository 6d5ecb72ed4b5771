"""The DICOM keywords that criteria may judge, read from one data set as plain JSON-able values."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag

from formats.dicom import content_key

_KEYWORDS = """
    SOPClassUID ImageType Modality Manufacturer ManufacturerModelName SeriesDescription StudyDescription ProtocolName
    BodyPartExamined PatientSex PatientAge PatientPosition Laterality ImageLaterality
    InstanceNumber AcquisitionNumber AcquisitionTime ContentTime SeriesTime TemporalPositionIdentifier
    NumberOfTemporalPositions ImagesInAcquisition NumberOfFrames FrameOfReferenceUID
    SliceThickness SpacingBetweenSlices SliceLocation GantryDetectorTilt ReconstructionDiameter DataCollectionDiameter
    Rows Columns SamplesPerPixel PhotometricInterpretation BitsAllocated BitsStored PixelRepresentation
    RescaleSlope RescaleIntercept RescaleType PixelPaddingValue LossyImageCompression BurnedInAnnotation
    ConvolutionKernel ConvolutionKernelGroup FilterType KVP XRayTubeCurrent Exposure
    ScanningSequence SequenceVariant ScanOptions MRAcquisitionType SequenceName PulseSequenceName EchoPulseSequence
    RepetitionTime EchoTime EchoTrainLength EchoNumbers InversionTime InversionRecovery FlipAngle MagneticFieldStrength
    SpectrallySelectedSuppression DiffusionBValue TriggerTime InPlanePhaseEncodingDirection VolumetricProperties
    ContrastBolusAgent ContrastBolusVolume ContrastBolusRoute ContrastBolusStartTime ContrastBolusTotalDose
    ContrastFlowRate ContrastBolusIngredient ContrastBolusAgentAdministered
"""
KEYWORDS = frozenset(_KEYWORDS.split())
# Enhanced objects say the same thing under another name (PS3.3 C.8.13 and C.8.15).
ALIASES = {"EffectiveEchoTime": "EchoTime", "InversionTimes": "InversionTime"}
TAGS = frozenset(Tag(keyword) for keyword in (*KEYWORDS, *ALIASES))
LONGEST_TEXT, LONGEST_LIST = 200, 32


def plain(value: Any) -> Any:
    """Return a DICOM value as str, int, float, a list of these, or None when it is empty."""
    if isinstance(value, (MultiValue, list, tuple)):
        return [plain(one) for one in value[:LONGEST_LIST]] or None
    if value is None or isinstance(value, bytes):
        return None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) or type(value).__name__ in ("DSdecimal", "DSfloat"):
        number = float(value)
        return number if number == number and abs(number) != float("inf") else None
    return str(value).strip()[:LONGEST_TEXT]


def _elements(dataset: Dataset) -> Iterator[tuple[str, Any]]:
    """Keyword and value of every element that can be read."""
    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
        except Exception:  # noqa: S112 - one unreadable element must not hide the others; pydicom raises many types
            continue
        yield element.keyword, element.value


def header_of(dataset: Dataset, remembered: dict[Hashable, tuple[str, Any]] | None = None) -> dict[str, Any]:
    """Return the judged keywords of one data set; an empty value stays as "" because its presence says something.

    To convert an element costs more than to read it, and most say the same in every slice: what one says is `remembered` by
    its bytes.
    """
    header: dict[str, Any] = {}
    remembered = {} if remembered is None else remembered
    for tag, raw in list(dataset.items()):
        if tag not in TAGS:
            continue
        key = content_key(dataset, raw)
        found = remembered.get(key)
        if found is None:
            found = _said(dataset, tag)
            if key is not None:
                remembered[key] = found
        name, read = found
        if name in KEYWORDS:
            header[name] = read
    return header


def _said(dataset: Dataset, tag: BaseTag) -> tuple[str, Any]:
    """An element's name and value, or no name where it cannot be read."""
    try:
        element = dataset[tag]
    except Exception:  # one unreadable element must not hide the others; pydicom raises many types
        return "", None
    read = plain(element.value)
    return ALIASES.get(element.keyword, element.keyword), "" if read is None else read


def functional_groups(dataset: Dataset) -> list[dict[str, Any]]:
    """Return, for each frame of an enhanced object, what its functional groups say: keywords and geometry.

    The shared groups are laid under each frame's own. Empty for an object without functional groups.
    """
    shared: dict[str, Any] = {}
    for item in dataset.get("SharedFunctionalGroupsSequence", None) or []:
        shared |= _flat(item)
    frames = [_flat(item) for item in dataset.get("PerFrameFunctionalGroupsSequence", None) or []]
    if not frames and not shared:
        return []
    count = max(len(frames), 1)
    return [{**shared, **(frames[n] if n < len(frames) else {})} for n in range(count)]


GEOMETRY = frozenset({"ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"})


def _flat(item: Dataset, depth: int = 0) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for keyword, value in _elements(item):
        name = ALIASES.get(keyword, keyword)
        if name in KEYWORDS or name in GEOMETRY:
            flat[name] = plain(value)
        elif depth < 2 and type(value).__name__ == "Sequence":
            for inner in value[:1]:
                flat |= _flat(inner, depth + 1)
    return flat


def split_common(headers: list[dict[str, Any]]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what all headers share, and for each header what is its own."""
    if not headers:
        return {}, []
    first = headers[0]
    common = {name: value for name, value in first.items() if all(name in h and h[name] == value for h in headers)}
    return common, [{name: value for name, value in h.items() if name not in common} for h in headers]


def vector(value: Any, length: int) -> tuple[float, ...] | None:
    """Return `length` finite floats, or None when the value is anything else."""
    if not isinstance(value, (list, tuple)) or len(value) != length:
        return None
    try:
        numbers = tuple(float(one) for one in value)
    except (TypeError, ValueError):
        return None
    return numbers if all(abs(one) < 1e9 for one in numbers) else None


def number(header: Mapping[str, Any], keyword: str) -> float | None:
    """Return one value of a header as a float, None when absent or no number."""
    value = header.get(keyword)
    value = value[0] if isinstance(value, list) and value else value
    try:
        return None if value in (None, "") else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None

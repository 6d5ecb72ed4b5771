"""The DICOM keywords that criteria may judge, read from one data set as plain JSON-able values."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

from concours.formats.dicom import content_key
from concours.imaging.header import ALIASES, plain

_KEYWORDS = """
    SOPClassUID ImageType Modality Manufacturer ManufacturerModelName SeriesDescription StudyDescription ProtocolName
    BodyPartExamined PatientSex PatientAge PatientPosition PatientOrientation Laterality ImageLaterality
    InstanceNumber AcquisitionNumber AcquisitionTime ContentTime SeriesTime TemporalPositionIdentifier
    NumberOfTemporalPositions ImagesInAcquisition NumberOfFrames FrameOfReferenceUID
    SliceThickness SpacingBetweenSlices SliceLocation GantryDetectorTilt ReconstructionDiameter DataCollectionDiameter
    Rows Columns SamplesPerPixel PhotometricInterpretation BitsAllocated BitsStored PixelRepresentation
    RescaleSlope RescaleIntercept RescaleType Units PixelPaddingValue LossyImageCompression BurnedInAnnotation
    ConvolutionKernel ConvolutionKernelGroup FilterType KVP XRayTubeCurrent Exposure
    ScanningSequence SequenceVariant ScanOptions MRAcquisitionType SequenceName PulseSequenceName EchoPulseSequence
    RepetitionTime EchoTime EchoTrainLength EchoNumbers InversionTime InversionRecovery FlipAngle MagneticFieldStrength
    SpectrallySelectedSuppression DiffusionBValue TriggerTime InPlanePhaseEncodingDirection VolumetricProperties
    ContrastBolusAgent ContrastBolusVolume ContrastBolusRoute ContrastBolusStartTime ContrastBolusTotalDose
    ContrastFlowRate ContrastBolusIngredient ContrastBolusAgentAdministered
"""
KEYWORDS = frozenset(_KEYWORDS.split())
TAGS = frozenset(Tag(keyword) for keyword in (*KEYWORDS, *ALIASES))
GEOMETRY = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")


def header_of(dataset: Dataset, remembered: dict[Hashable, tuple[str, Any]] | None = None) -> dict[str, Any]:
    """Return the judged keywords of one data set; an empty value stays as "" because its presence says something.

    To convert an element costs more than to read it, and most say the same in every slice: what one says is
    `remembered` by its bytes.
    """
    header: dict[str, Any] = {}
    remembered = {} if remembered is None else remembered
    for tag, raw in list(dataset.items()):
        if tag not in TAGS:
            continue
        key = content_key(dataset, raw)
        remembered_value = remembered.get(key)
        if remembered_value is None:
            remembered_value = _said(dataset, tag)
            if key is not None:
                remembered[key] = remembered_value
        name, read = remembered_value
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


def split_common(headers: list[dict[str, Any]]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what all headers share, and for each header what is its own."""
    if not headers:
        return {}, []
    first = headers[0]
    common = {name: value for name, value in first.items() if all(name in h and h[name] == value for h in headers)}
    return common, [{name: value for name, value in h.items() if name not in common} for h in headers]

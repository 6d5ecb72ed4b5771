"""Small exams of true geometry, written as DICOM by the tests: a body of tissue with an insert, in air."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

from concours.inclusion import Judgement, examine
from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.exam.given import given_fields
from concours.inclusion.exam.read import read_exam

CT = {
    "Modality": "CT", "Manufacturer": "SIEMENS", "ConvolutionKernel": "B30f", "SliceThickness": 2.0,
    "BodyPartExamined": "ABDOMEN", "RescaleSlope": 1, "RescaleIntercept": -1024, "RescaleType": "HU",
}  # fmt: skip
FLAIR = {
    "Modality": "MR", "Manufacturer": "SIEMENS", "BodyPartExamined": "BRAIN", "SliceThickness": 2.0,
    "ScanningSequence": ["SE", "IR"], "SequenceVariant": "SK", "ScanOptions": "", "MRAcquisitionType": "2D",
    "RepetitionTime": 9000, "EchoTime": 110, "InversionTime": 2500, "EchoTrainLength": 16,
}  # fmt: skip
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)


def body(count: int = 5, side: int = 64, seed: int = 0, noise: float = 8.0) -> np.ndarray:
    """Return HU (slices, rows, columns): air, an ellipse of soft tissue, a bright insert whose place the seed draws."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:side, 0:side] / side - 0.5
    volume = np.full((count, side, side), -1000.0)
    at = rng.uniform(-0.15, 0.15, 2)
    for k in range(count):
        shrink = 1 - 0.02 * k
        volume[k][(rows / 0.42) ** 2 + (columns / (0.36 * shrink)) ** 2 < 1] = 45.0
        volume[k][(rows - at[0]) ** 2 + (columns - at[1]) ** 2 < 0.006 * (1 + 0.1 * k)] = 250.0
        tissue = volume[k] > -900
        volume[k][tissue] += rng.normal(0, noise, int(tissue.sum()))
    return volume


def write_series(
    folder: Path, header: Mapping[str, Any], values: np.ndarray | None = None, *, spacing: float = 2.0,
    orientation: Sequence[float] = AXIAL, offsets: Sequence[float] | None = None, pixel: float = 5.0,
    each: Mapping[int, Mapping[str, Any]] | None = None, name: str = "slice",
) -> list[Path]:  # fmt: skip
    """Write one file a slice of `values` (HU for CT) and return the paths; `each` overrides the header of one slice."""
    if values is None:
        values = body() if header["Modality"] == "CT" else body() + 1000.0
    folder.mkdir(parents=True, exist_ok=True)
    series, normal = generate_uid(), np.cross(orientation[:3], orientation[3:])
    paths = []
    for k, image in enumerate(values):
        path = folder / f"{name}{k + 1:03d}.dcm"
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID = CTImageStorage if header["Modality"] == "CT" else MRImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
        dataset.SOPClassUID, dataset.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
        dataset.SeriesInstanceUID, dataset.InstanceNumber = series, k + 1
        offset = k * spacing if offsets is None else offsets[k]
        dataset.ImagePositionPatient = [float(n) for n in np.array([-160.0, -160.0, 0.0]) + offset * normal]
        dataset.ImageOrientationPatient = list(orientation)
        dataset.PixelSpacing = [pixel, pixel]
        dataset.Rows, dataset.Columns = image.shape
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated = dataset.BitsStored = 16
        dataset.HighBit, dataset.PixelRepresentation = 15, 0
        for keyword, value in {**header, **(each or {}).get(k, {})}.items():
            if value is None:
                delattr(dataset, keyword) if keyword in dataset else None
            else:
                setattr(dataset, keyword, value)
        stored = (image - float(header.get("RescaleIntercept", -1024))) if header["Modality"] == "CT" else image
        dataset.PixelData = np.clip(stored, 0, 65535).astype("<u2").tobytes()
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def facts(paths: Sequence[Path] | Mapping[str, Sequence[Path]], fields: Mapping[str, Any] | None = None) -> ExamFacts:
    """Read an exam of one image named "image", or of the named ones."""
    named = paths if isinstance(paths, Mapping) else {"image": paths}
    return read_exam(named, given_fields(fields or {}))


def judged(exam: ExamFacts, criterion: str, **parameters: Any) -> list[Judgement]:
    """Return the judgements of one criterion alone."""
    return [entry for entry in examine(exam, {criterion: parameters}) if entry.criterion == criterion]


def outcomes(exam: ExamFacts, criterion: str, **parameters: Any) -> set[tuple[str, str]]:
    """Return (outcome, reason) of one criterion's judgements."""
    return {(entry.outcome, entry.reason) for entry in judged(exam, criterion, **parameters)}


ACCEPT = {("accept", "")}

"""Structure sets as planning systems write them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage

Points = NDArray[np.float64]


def contour(points: Points | Sequence[Sequence[float]], kind: str = "CLOSED_PLANAR") -> Dataset:
    """One contour; `points` are mm, patient LPS."""
    item = Dataset()
    item.ContourGeometricType, item.NumberOfContourPoints = kind, len(points)
    item.ContourData = [f"{float(mm):.10g}"[:16] for point in points for mm in point]
    return item


def structure_set(
    regions: Mapping[tuple[int, str], Sequence[Dataset]],
    *,
    series: str = "",
    frame_of_reference: str = "1.2.3.77",
    **more: Any,
) -> bytes:
    """`regions` are contours by ROI number and name; `series` is the one that they were drawn on."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = RTStructureSetStorage, "1.2.826.0.1.3680043.8.498.7001"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.99", "1.2.826.0.1.3680043.8.498.7000"
    dataset.Modality, dataset.PatientID, dataset.PatientName = "RTSTRUCT", "", ""
    dataset.StructureSetLabel = "RTstruct"
    dataset.FrameOfReferenceUID = frame_of_reference
    if series:
        frame, study, drawn_on = Dataset(), Dataset(), Dataset()
        drawn_on.SeriesInstanceUID = series
        study.ReferencedSOPClassUID, study.ReferencedSOPInstanceUID = "1.2.840.10008.3.1.2.3.1", "1.2.3.99"
        study.RTReferencedSeriesSequence = [drawn_on]
        frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = frame_of_reference, [study]
        dataset.ReferencedFrameOfReferenceSequence = [frame]
    names, drawn = [], []
    for (number, name), contours in regions.items():
        named, shapes = Dataset(), Dataset()
        named.ROINumber, named.ROIName, named.ReferencedFrameOfReferenceUID = number, name, frame_of_reference
        shapes.ReferencedROINumber, shapes.ContourSequence = number, list(contours)
        names.append(named)
        drawn.append(shapes)
    dataset.StructureSetROISequence, dataset.ROIContourSequence = names, drawn
    for keyword, value in more.items():
        setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    out = io.BytesIO()
    pydicom.dcmwrite(out, dataset, enforce_file_format=True)
    return out.getvalue()

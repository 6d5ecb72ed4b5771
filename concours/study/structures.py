"""Which regions of a structure set (RTSTRUCT) are the masks that a question asks for, and a copy with these alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from concours.formats.dicom_contours import region_names
from concours.imaging import Geometry
from concours.imaging.masks import labels_of
from concours.questions.schema.nouns import FieldSpec
from concours.study.sent import SentRegion, Vector

ON_SLICE = 0.25  # of the distance between slices: as the reader of contours takes it
ITEMS = (("StructureSetROISequence", "ROINumber"), ("ROIContourSequence", "ReferencedROINumber"))
OBSERVATIONS = ("RTROIObservationsSequence", "ReferencedROINumber")
OUTLINE = 60  # regions of which a point is kept

LabelOfRegion = dict[int, int]  # ROI number -> label of the mask


def regions_by_name(field: FieldSpec, regions: Sequence[SentRegion]) -> LabelOfRegion:
    """The regions that bear the name or title of the field, or of one of its labels; empty where none does or two share one."""
    meanings: dict[str, int] = {}
    labels = labels_of(field.values)
    if labels is None:
        meanings |= dict.fromkeys(_names(field.name, field.title.en, field.title.fr), 1)
    else:
        for label in labels:
            words = field.labels.get(label)
            texts = [str(label), f"label {label}", *([words.en, words.fr] if words else [])]
            meanings |= dict.fromkeys(_names(*texts), label)
            meanings |= dict.fromkeys(_names(*(f"{field.name} {text}" for text in texts)), label)
    chosen = {region.number: meanings[_plain(region.name)] for region in regions if _plain(region.name) in meanings}
    return chosen if len(set(chosen.values())) == len(chosen) else {}


def regions_by_number(field: FieldSpec, regions: Sequence[SentRegion]) -> LabelOfRegion:
    """For the field that the file is named after, or the only one: its only region, or regions numbered as the labels are."""
    labels = labels_of(field.values)
    if labels is None:
        return {regions[0].number: 1} if len(regions) == 1 else {}
    return {region.number: region.number for region in regions if region.number in labels and region.number}


def _names(*texts: str) -> set[str]:
    return {_plain(text) for text in texts} - {""}


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def sent_regions(dataset: Dataset) -> tuple[SentRegion, ...]:
    """Regions with a closed contour, and a point of each of their first contours. Raises what pydicom raises."""
    names = region_names(dataset)
    regions = []
    for item in dataset.get("ROIContourSequence") or ():
        closed = [
            contour
            for contour in item.get("ContourSequence") or ()
            if "CLOSED" in str(contour.get("ContourGeometricType"))
        ]
        number = int(item.ReferencedROINumber)
        if closed:
            points = tuple(_first_point(contour) for contour in closed[:OUTLINE])
            regions.append(SentRegion(number, names.get(number, "")[:64], tuple(point for point in points if point)))
    return tuple(regions)


def _first_point(contour: Dataset) -> Vector:
    raw = getattr(contour.get_item("ContourData"), "value", None)
    parts = raw.split(b"\\", 3)[:3] if isinstance(raw, bytes) else list(raw or ())[:3]
    point = tuple(float(part) for part in parts)
    return point if len(point) == 3 and np.isfinite(point).all() else ()


def drawn_on(regions: Iterable[SentRegion], geometry: Geometry) -> bool:
    """Whether the contours start on slices of this image, inside it."""
    points = np.array([point for region in regions for point in region.points]).reshape(-1, 3)
    if geometry.affine is None or not len(points):
        return False
    inverse = np.linalg.inv(geometry.matrix)
    index = (points * (-1, -1, 1)) @ inverse[:3, :3].T + inverse[:3, 3]
    slices = index[:, 2]
    inside = (index > -0.75).all() and (index < np.array(geometry.shape) - 0.25).all()
    return bool(inside and (np.abs(slices - np.round(slices)) <= ON_SLICE).all())


def keep_regions(path: Path, labels: Mapping[int, int], field: str) -> None:
    """Rewrite a de-identified structure set with these regions alone, numbered as their labels and named after the field."""
    dataset = dcmread(path)
    for keyword, number in (*ITEMS, OBSERVATIONS):
        kept_items = [item for item in dataset.get(keyword) or () if int(item.get(number) or 0) in labels]
        for item in kept_items:
            label = labels[int(item.get(number))]
            setattr(item, number, label)
            if keyword == ITEMS[0][0]:
                item.ROIName = field if len(labels) == 1 else f"{field} {label}"
        if kept_items or keyword in dataset:
            setattr(dataset, keyword, DicomSequence(kept_items))
    dataset.save_as(path, enforce_file_format=True)

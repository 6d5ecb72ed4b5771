"""What a DICOM object is to a challenge: a candidate for the exam, one only where there is no better, or never one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import IntEnum
from typing import Any

from concours.deid.objects import Kind, kind_of
from concours.inclusion.localiser import is_localiser_type, localiser_word


class Rank(IntEnum):
    """How well an object may stand for the exam; lower is better."""

    CANDIDATE = 0
    FALLBACK = 1  # only where the exam has nothing better: quality control then says what is wrong with it
    NEVER = 2


MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
STORAGE = "1.2.840.10008.5.1.4.1.1."
SEGMENTATION = frozenset(STORAGE + suffix for suffix in ("66.4", "66.7"))
STRUCTURES = frozenset({STORAGE + "481.3"})
DOSE_REPORTS = frozenset(STORAGE + suffix for suffix in ("88.67", "88.68", "88.73", "88.74", "88.76"))
KEY_OBJECTS = frozenset({STORAGE + "88.59"})
SECONDARY_CAPTURE = frozenset(STORAGE + suffix for suffix in ("7", "7.1", "7.2", "7.3", "7.4"))
DOCUMENTS = frozenset(STORAGE + f"104.{n}" for n in range(1, 6))
# Modalities of objects that are no images (PS3.3 C.7.3.1.1.1), for objects whose SOP class is missing or private.
NO_IMAGES = frozenset(
    [
        "SR",
        "KO",
        "PR",
        "DOC",
        "REG",
        "FID",
        "RTPLAN",
        "RTDOSE",
        "RTRECORD",
        "PLAN",
        "ECG",
        "HD",
        "AU",
        "EPS",
        "SMR",
        "SEG",
        "RTSTRUCT",
        "ASMT",
    ]
)
PAGE_TYPES = frozenset({"DOSE_INFO", "DOSE INFO", "DOSE", "SCREEN SAVE", "SCREEN_SAVE", "SCREENSAVE", "PROTOCOL"})


def object_kind(header: Mapping[str, Any], modalities: Collection[str]) -> tuple[str, Rank]:
    """What the object is, as a word (image, segmentation, structures, localiser ...), and how well it may stand for the exam.

    `modalities` are those of the question's images; none means any.
    """
    sop_class, modality = str(header.get("SOPClassUID", "")), str(header.get("Modality", "")).upper()
    never = _no_image(sop_class, modality)
    if never:
        return never, Rank.NEVER
    types = {part.strip().upper() for part in header.get("ImageType") or ()}
    if types & PAGE_TYPES:
        return "dose_page", Rank.FALLBACK
    if is_localiser_type(header.get("ImageType")) or localiser_word(header):
        return "localiser", Rank.FALLBACK
    if modalities and modality not in modalities:
        capture = sop_class in SECONDARY_CAPTURE
        return ("secondary_capture" if capture else "other_modality"), Rank.FALLBACK
    if sop_class in SECONDARY_CAPTURE:
        return "secondary_capture", Rank.FALLBACK
    return "image", Rank.CANDIDATE


def _no_image(sop_class: str, modality: str) -> str:
    """The word of an object that is never an image; empty for what may be one."""
    if sop_class in SEGMENTATION or (not sop_class and modality == "SEG"):
        return "segmentation"
    if sop_class in STRUCTURES or (not sop_class and modality == "RTSTRUCT"):
        return "structures"
    for word, classes in (
        ("dicomdir", {MEDIA_DIRECTORY}),
        ("dose_report", DOSE_REPORTS),
        ("key_objects", KEY_OBJECTS),
        ("document", DOCUMENTS),
    ):
        if sop_class in classes:
            return word
    kind = kind_of(sop_class)
    words = {
        Kind.REPORT: "report",
        Kind.PRESENTATION: "presentation_state",
        Kind.WAVEFORM: "waveform",
        Kind.DERIVED: "derived_object",
    }
    if kind in words:
        return words[kind]
    # An unknown class that calls itself an image stays: de-identification refuses it with the right words.
    return "report" if kind is Kind.REFUSED and modality in NO_IMAGES else ""

"""Slices of an exam's images as small pictures, for its centre and the organisers; drawn when they are needed."""

from __future__ import annotations

from dataclasses import dataclass

from anonymization.looking import draw_frame
from challenges.frame import spec_of
from uploads.models import Exam

SHARES = (0.25, 0.5, 0.75)  # of the way through an image


@dataclass(frozen=True)
class Thumbnail:
    """One slice of an image: its file (`<series>/<sop>`), frame, and its place among the slices, from 1."""

    image: str
    number: int
    file: str
    frame: int
    place: int
    count: int


def thumbnails_of(exam: Exam) -> list[Thumbnail]:
    """Three slices of each image as quality control read them (one where there are fewer than four); none before it ran."""
    check = exam.quality_checks.order_by("-number").first()
    if check is None or not exam.bundle_key or exam.state == Exam.State.WITHDRAWN:
        return []
    listed: list[Thumbnail] = []
    for series in check.facts.get("series", []):
        slices = series["slices"]
        for place in _places(len(slices)):
            file = f"{series['uid']}/{slices[place]['instance'].removesuffix('.dcm')}"
            frame = int(slices[place]["frame"])
            listed.append(Thumbnail(series["image"], len(listed), file, frame, place + 1, len(slices)))
    return listed


def _places(count: int) -> list[int]:
    shares = SHARES if count > len(SHARES) else SHARES[1:2]
    return sorted({round(share * (count - 1)) for share in shares}) if count else []


def draw_thumbnail(exam: Exam, number: int) -> bytes | None:
    """The thumbnail of this number as PNG; None where there is none or it cannot be drawn."""
    listed = thumbnails_of(exam)
    return draw_frame(exam, listed[number].file, listed[number].frame) if 0 <= number < len(listed) else None


def image_title(exam: Exam, image: str, language: str) -> str:
    images = spec_of(exam.question).data.images
    return images[image].title.says(language) if image in images else image

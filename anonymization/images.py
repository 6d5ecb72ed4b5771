"""What the images of an exam are: written by quality control, read by the viewer and by delivery."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_noop

from anonymization.models import ExamImage
from concours.formats.json import JsonObject
from concours.imaging import Assembly
from core.errors import StepError
from uploads.models import Exam


class UnusableExamError(StepError):
    reason = "incomplete_series"


def keep_images(exam: Exam, assemblies: Mapping[str, Assembly]) -> None:
    """Replaces what is stored of the exam's images; part of the transaction that ends quality control."""
    exam.images.all().delete()
    ExamImage.objects.bulk_create(
        ExamImage(exam=exam, name=name, document=assembly.to_json()) for name, assembly in assemblies.items()
    )


def geometries_of(exam: Exam) -> dict[str, JsonObject]:
    """The geometry of each image that has one, as JSON for a limited child.

    An exam that was accepted before geometries were stored has none here: the child assembles its files by the same function.
    """
    return {image.name: image.document["geometry"] for image in exam.images.all() if image.document["geometry"]}


def require_usable(exam: Exam) -> None:
    """Nobody's confirmation makes a volume of what is none: it could not be delivered. Raises UnusableExamError."""
    for image in exam.images.all():
        if image.document["geometry"] is None:
            template = gettext_noop(
                "This exam cannot be included: “%(image)s” is not one volume. Choose one series, or refuse the exam with a note."
            )
            raise UnusableExamError(template, image=image.name)


def forget_images(exam_id: str) -> None:
    """The exam was withdrawn: what is known of its images goes with it."""
    ExamImage.objects.filter(exam_id=exam_id).delete()

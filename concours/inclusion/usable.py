"""Each image can be drawn, delivered in the question's format and scored. Judged for every question."""

from __future__ import annotations

from collections.abc import Iterator

from concours.imaging import Geometry
from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.mask import mask_faults
from concours.inclusion.parameter import Parameter
from concours.questions.schema.nouns import DELIVERY_FORMATS

TITLE = gettext_noop("Images that form a volume or a picture")
SUMMARY = gettext_noop("The slices of each image form one volume, or it is one picture; teams can receive it.")
PARAMETERS = (
    Parameter(
        "delivery",
        "text",
        "the format that teams receive, or in which the truth is kept; set by the platform",
        default="dicom",
        choices=DELIVERY_FORMATS,
    ),
)
TILTED_FROM = 1.5  # degrees between stacking direction and slice normal; rounded headers stay far below

VOLUME = gettext_noop("“%(image)s” is a volume of %(count)d slices every %(spacing)s mm.")
PICTURE = gettext_noop("“%(image)s” is one picture.")
PICTURES = gettext_noop("“%(image)s” has %(count)d pictures.")
GANTRY = gettext_noop(
    "The gantry of “%(image)s” was tilted by about %(angle)s degrees, so its volume is sheared. Check that it can be used."
)
NO_ARRAY = gettext_noop(
    "“%(image)s” has %(count)d pictures, and teams receive one volume or one grey picture. Upload only the one that is needed."
)
COLOUR = gettext_noop("“%(image)s” is in colour, and teams receive grey values. Upload the original image.")


def judge(say: Judge, exam: ExamFacts, delivery: str) -> Iterator[Judgement]:
    """Judge what `concours.imaging` makes of all slices of an image: positions, orientation, order, size and spacing.

    Refuse what is no volume where a volume is due (CT, MR, PET), with the one cause; review a tilted gantry; refuse a
    mask that cannot be placed on its image. An image with damaged files, or in several series, is left to `files`.
    """
    for image, assembly in exam.assemblies.items():
        if exam.damaged or any(series.damaged for series in exam.of([image])):
            continue
        if assembly.geometry is not None:
            yield from _usable(say, image, assembly.geometry, delivery)
        elif sum(1 for _ in exam.of([image])) == 1:
            for fault in assembly.faults:
                yield say.refuse(fault.reason, fault.where, fault.template, **fault.values)
    for name, facts in exam.fields.items():
        if facts.declared.get("type") == "mask":
            yield from mask_faults(say, name, facts)


def _usable(say: Judge, image: str, geometry: Geometry, delivery: str) -> Iterator[Judgement]:
    count = len(geometry.slices)
    if delivery in ("nifti", "numpy") and not geometry.is_array:
        template = NO_ARRAY if geometry.kind == "pictures" else COLOUR
        yield say.refuse("wrong_channels", image, template, image=image, count=count)
    elif geometry.tilt > TILTED_FROM:
        yield say.review("criterion_not_met", image, GANTRY, image=image, angle=f"{geometry.tilt:.0f}")
    elif geometry.kind == "pictures":
        yield say.accept(image, PICTURES, image=image, count=count)
    elif geometry.affine is None or geometry.spacing is None or count == 1:
        yield say.accept(image, PICTURE, image=image)
    else:
        yield say.accept(image, VOLUME, image=image, count=count, spacing=f"{geometry.spacing[2]:.2f}")

"""The masks drawn by the centre: on the image's grid, not empty, with the values that the question asks for."""

from __future__ import annotations

from collections.abc import Iterator

from concours.formats.fault import plural_noop
from concours.inclusion.exam.facts import ExamFacts, FieldFacts
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import Parameter

TITLE = gettext_noop("Mask aligned with the image")
SUMMARY = gettext_noop("Each mask is aligned with its image, is not empty and contains only the allowed values.")
PARAMETERS = (
    Parameter("field", "text", "the field that holds the mask", refers_to="field", holds=("mask",)),
    Parameter("fields", "list", "the fields, when there are several masks", refers_to="field", holds=("mask",)),
    Parameter("min_voxels", "integer", "smallest number of voxels", unit="voxels", default=1),
)

MET = plural_noop(
    "The mask “%(field)s” is valid: %(voxels)d voxel.", "The mask “%(field)s” is valid: %(voxels)d voxels.", "voxels"
)
NO_MASK = gettext_noop("The mask “%(field)s” is missing. Draw it on the image and send it with the exam.")
UNREADABLE = gettext_noop("The mask %(name)s cannot be read. Export it again as NIfTI, NRRD or DICOM segmentation.")
EMPTY = gettext_noop("The mask “%(field)s” is empty. Draw it again and save it.")
SMALL = plural_noop(
    "The mask “%(field)s” has only %(voxels)d voxel. Check that it is the right one.",
    "The mask “%(field)s” has only %(voxels)d voxels. Check that it is the right one.",
    "voxels",
)


def judge(
    say: Judge, exam: ExamFacts, field: str | None, fields: list[str] | None, min_voxels: int
) -> Iterator[Judgement]:
    """Judge every named mask as it was read on its image's grid; one without geometry (PNG, NPY) is compared by its shape."""
    for name in [*([field] if field else []), *(fields or [])]:
        facts = exam.fields.get(name) or FieldFacts(name)
        yield from mask_faults(say, name, facts)
        if facts.mask is not None:
            yield _drawn(say, facts.name, sum(facts.mask.labels.values()), min_voxels)
        elif not facts.damages:
            yield say.refuse("missing_file", name, NO_MASK, field=name)


def mask_faults(say: Judge, name: str, facts: FieldFacts) -> Iterator[Judgement]:
    """Every reason why a mask's file cannot be read or placed on its image."""
    for damage in facts.damages:
        words, values = damage.template or UNREADABLE, {"name": damage.name, **damage.values}
        yield say.refuse(damage.reason, name, words, **values)


def _drawn(say: Judge, field: str, voxels: int, min_voxels: int) -> Judgement:
    """A mask that lies on its image's grid. Where the image has none, `files` and `usable` say why."""
    if voxels == 0:
        return say.refuse("criterion_not_met", field, EMPTY, field=field)
    if voxels < min_voxels:
        return say.review("criterion_not_met", field, SMALL, field=field, voxels=voxels)
    return say.accept(field, MET, field=field, voxels=voxels)

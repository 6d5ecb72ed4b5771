"""The masks drawn by the centre: on the image's grid, not empty, with the values that the question asks for."""

from __future__ import annotations

from collections.abc import Iterator

from anonymization.criteria.exam.facts import ExamFacts, FieldFacts, MaskFacts
from anonymization.criteria.exam.geometry import covers, grid_of
from anonymization.criteria.judgement import Judge, Judgement, gettext_noop
from anonymization.criteria.parameter import Parameter

SUMMARY = gettext_noop("Each mask lies on its image's grid, is not empty and holds only the values asked for.")
PARAMETERS = (
    Parameter("field", "text", "the field that holds the mask", refers_to="field"),
    Parameter("fields", "list", "the fields, when there are several masks", refers_to="field"),
    Parameter("min_voxels", "integer", "smallest number of voxels", unit="voxels", default=1),
)

MET = gettext_noop("The mask “%(field)s” fits: %(voxels)d voxels.")
NO_MASK = gettext_noop("The mask “%(field)s” is missing. Draw it on the image and send it with the exam.")
UNREADABLE = gettext_noop("The mask %(name)s cannot be read. Export it again as NIfTI, NRRD or DICOM segmentation.")
EMPTY = gettext_noop("The mask “%(field)s” is empty. Draw it again and save it.")
SMALL = gettext_noop("The mask “%(field)s” has only %(voxels)d voxels. Check that it is the right one.")
SHAPE = gettext_noop("The mask “%(field)s” is %(found)s voxels and its image %(wanted)s. Draw it on the image sent.")
GRID = gettext_noop("The mask “%(field)s” lies elsewhere than its image. Export it on the grid of the image sent.")
NO_IMAGE = gettext_noop("The mask “%(field)s” cannot be compared: its image has no known geometry. Check it.")


def judge(
    say: Judge, exam: ExamFacts, field: str | None, fields: list[str] | None, min_voxels: int
) -> Iterator[Judgement]:
    """Judge every named mask; a mask without geometry (PNG, NPY) is compared by its shape alone."""
    for name in [*([field] if field else []), *(fields or [])]:
        facts = exam.fields.get(name) or FieldFacts(name)
        if facts.damage is not None:
            words, values = facts.damage.template or UNREADABLE, {"name": facts.damage.name, **facts.damage.values}
            yield say.refuse(facts.damage.reason, name, words, **values)
            if facts.mask is not None:
                yield from _grid(say, exam, facts, facts.mask)
        elif facts.mask is None:
            yield say.refuse("missing_file", name, NO_MASK, field=name)
        else:
            yield from _mask(say, exam, facts, facts.mask, min_voxels)


def _mask(say: Judge, exam: ExamFacts, facts: FieldFacts, mask: MaskFacts, min_voxels: int) -> Iterator[Judgement]:
    voxels = sum(mask.labels.values())
    faults = [*_grid(say, exam, facts, mask)]
    if voxels == 0:
        faults.append(say.refuse("criterion_not_met", facts.name, EMPTY, field=facts.name))
    elif voxels < min_voxels:
        faults.append(say.review("criterion_not_met", facts.name, SMALL, field=facts.name, voxels=voxels))
    yield from faults
    if not faults:
        yield say.accept(facts.name, MET, field=facts.name, voxels=voxels)


def _grid(say: Judge, exam: ExamFacts, facts: FieldFacts, mask: MaskFacts) -> Iterator[Judgement]:
    image = facts.declared.get("of") or (exam.images[0] if len(exam.images) == 1 else None)
    series = next(exam.of([image]), None) if image else None
    if series is None or not series.slices:
        yield say.review("missing_file", facts.name, NO_IMAGE, field=facts.name)
        return
    grid = grid_of(series)
    first = series.slices[0]
    shape = grid.shape if grid else (first.columns or 0, first.rows or 0, len(series.slices))
    partial = mask.format == "dicom_seg"
    if sorted(mask.shape) != sorted(shape) and not partial:
        found, wanted = (" x ".join(str(n) for n in one) for one in (mask.shape, shape))
        yield say.refuse("wrong_shape", facts.name, SHAPE, field=facts.name, found=found, wanted=wanted)
    elif mask.affine is None:
        if tuple(mask.shape) != tuple(shape):
            found, wanted = (" x ".join(str(n) for n in one) for one in (mask.shape, shape))
            yield say.refuse("wrong_shape", facts.name, SHAPE, field=facts.name, found=found, wanted=wanted)
    elif grid is None:
        yield say.review("missing_value", facts.name, NO_IMAGE, field=facts.name)
    elif not covers(grid, mask.shape, mask.affine, partial=partial):
        yield say.refuse("geometry_mismatch", facts.name, GRID, field=facts.name)

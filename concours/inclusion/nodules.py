"""The list of nodules: as many as the question asks for, each inside the image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from concours.formats.fault import plural_noop
from concours.inclusion.exam.facts import ExamFacts, FieldFacts
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import Parameter

TITLE = gettext_noop("Nodules in the exam")
SUMMARY = gettext_noop(
    "The exam has the number of nodules that the question requires, each measured and inside the image."
)
AXES = ("x", "y", "z")
PARAMETERS = (
    Parameter(
        "field",
        "text",
        "the field that holds the list, or a mask of the nodules",
        required=True,
        refers_to="field",
        holds=("table", "mask"),
        together=AXES,
    ),
    Parameter("min", "integer", "smallest number of nodules", default=1),
    Parameter("max", "integer", "largest number of nodules", default=5),
    Parameter("image", "text", "the image they lie in; the first one when left out", refers_to="image"),
)
SIZES = ("diameter_mm", "diameter", "volume_mm3", "volume")

MET = plural_noop("%(count)d nodule.", "%(count)d nodules.")
MISSING = gettext_noop("The list of nodules is missing. Measure each nodule and send the list.")
UNREADABLE = gettext_noop("The list of nodules %(name)s cannot be read. Send a CSV or JSON file, or fill in the form.")
FEW = gettext_noop("Nodules found: %(count)d; at least %(min)d required.")
MANY = gettext_noop("Nodules found: %(count)d; at most %(max)d allowed.")
SIZE = gettext_noop("Nodule %(number)d: the size “%(value)s” is not a positive number. Measure it again.")
OUTSIDE = gettext_noop("Nodule %(number)d is outside the image. Check its position (mm, patient coordinates).")
PLACE = gettext_noop("Nodule %(number)d: the position must be three numbers: x, y and z in mm.")


def judge(say: Judge, exam: ExamFacts, field: str, min: int, max: int, image: str | None) -> Iterator[Judgement]:
    """Count rows of the list, or connected components of a mask; check sizes and positions (x, y, z in mm, LPS)."""
    facts = exam.fields.get(field) or FieldFacts(field)
    if facts.damage is not None:
        yield say.refuse(facts.damage.reason, field, UNREADABLE, name=facts.damage.name, detail=facts.damage.what)
        return
    if facts.mask is None and not isinstance(facts.value, list):
        yield say.refuse("missing_value", field, MISSING)
        return
    rows = facts.value if isinstance(facts.value, list) else []
    count = len(rows) if facts.mask is None else facts.mask.components or 0
    faults = [fault for n, row in enumerate(rows, 1) for fault in _row(say, exam, field, n, row, image)]
    if count < min:
        faults.append(say.refuse("criterion_not_met", field, FEW, count=count, min=min))
    if count > max:
        faults.append(say.refuse("criterion_not_met", field, MANY, count=count, max=max))
    yield from faults
    if not faults:
        yield say.accept(field, MET, count=count)


def _row(say: Judge, exam: ExamFacts, field: str, n: int, row: Any, image: str | None) -> Iterator[Judgement]:
    values: Mapping[str, Any] = row if isinstance(row, Mapping) else {}
    for name in SIZES:
        size = _number(values.get(name))
        if name in values and (size is None or size <= 0):
            yield say.refuse("out_of_range", field, SIZE, number=n, value=values[name])
    coordinates = [values.get(axis) for axis in AXES]
    if all(coordinate in (None, "") for coordinate in coordinates):
        return
    place = [_number(coordinate) for coordinate in coordinates]
    if any(coordinate is None for coordinate in place):
        yield say.refuse("non_numeric", field, PLACE, number=n)
        return
    geometry = exam.geometry(image or next(iter(exam.images), ""))
    if geometry is not None and geometry.affine is not None:
        world = np.array([-(place[0] or 0.0), -(place[1] or 0.0), place[2] or 0.0, 1.0])
        voxel = (np.linalg.inv(geometry.matrix) @ world)[:3]
        if (voxel < -0.5).any() or (voxel > np.array(geometry.shape) - 0.5).any():
            yield say.refuse("out_of_range", field, OUTSIDE, number=n)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if abs(number) < 1e9 else None

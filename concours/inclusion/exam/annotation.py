"""What the centre sent beside the images: masks in the formats radiologists export, clinical values, nodule lists."""

from __future__ import annotations

import json
import mmap
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from concours.formats import files
from concours.formats.fault import Fault, FormatError, gettext_noop
from concours.formats.labels import Masks
from concours.formats.mask import Mask
from concours.formats.nifti import Buffer
from concours.imaging import Geometry
from concours.imaging.masks import labels_of, read_mask
from concours.inclusion.exam.facts import Damage, ExamFacts, FieldFacts, MaskFacts
from concours.inclusion.exam.given import GivenField

LONGEST_LIST = 1_000_000  # bytes
OFF_GRID = ("geometry_mismatch", "wrong_shape")
MAPPED = 4 << 20  # files from this size are mapped and not read at once
NOT_JSON = gettext_noop("%(name)s cannot be read. Send a CSV, XLSX or JSON file.")
LONG_LIST = gettext_noop("%(name)s is larger than 1 MB. Send the list alone.")


def read_field(name: str, sent: GivenField, exam: ExamFacts) -> FieldFacts:
    """Return the facts of one field; what cannot be read becomes a `Damage` under the file's own (our) name.

    A mask is read on the grid of its image in `exam`, as it is read for the viewer, for delivery and for the truth.
    """
    facts = FieldFacts(name, sent.declared, value=sent.value)
    if not sent.path:
        return facts
    path = Path(sent.path)
    called = sent.called or path.name
    try:
        source = _content(path)
        if sent.declared.get("type") == "mask":
            return _read_mask(facts, called, source, exam.geometry(exam.image_of(facts)))
        return replace(facts, value=read_list(called, bytes(source)))
    except FormatError as error:
        return replace(facts, damages=tuple(_damage(called, fault) for fault in error.faults))
    except OSError:
        return replace(facts, damages=(Damage(called, "unreadable_file", "the file cannot be opened"),))


def _content(path: Path) -> Buffer:
    """The file's bytes; of a large one, mapped: a mask may be as large as the exam. Raises OSError."""
    if path.stat().st_size < MAPPED:
        return path.read_bytes()
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _damage(name: str, fault: Fault) -> Damage:
    return Damage(name, fault.reason, fault.message, fault.template, dict(fault.values))


def _read_mask(facts: FieldFacts, name: str, source: Buffer, geometry: Geometry | None) -> FieldFacts:
    """Read a mask on its image's grid, or on its own where the image has none: then the image's reasons say what is wrong."""
    values = facts.declared.get("values") or ()
    kind = files.kind_of(source) or ""
    try:
        if geometry is not None:
            return replace(facts, mask=_facts_of(read_mask(source, geometry, values, name), kind))
        return replace(facts, mask=_facts_of(files.read_mask(source, None, labels_of(values), name), kind))
    except FormatError as error:
        faults = list(error.faults)
    if geometry is not None and faults[0].reason in OFF_GRID:  # what is wrong with the voxels is told at once too
        try:
            files.read_mask(source, None, labels_of(values), name)
        except FormatError as error:
            faults += [fault for fault in error.faults if fault.reason == "non_binary_mask"]
    return replace(facts, damages=tuple(_damage(name, fault) for fault in faults))


def _facts_of(masks: Masks, kind: str) -> MaskFacts:
    labels = {str(label): int(mask.count) for label, mask in masks.items() if mask.count}
    components = _components([mask for mask in masks.values() if mask.count])
    return MaskFacts(next(iter(masks.values())).shape, labels, components, kind)


def _components(masks: list[Mask]) -> int:
    """Pieces of the masks together, neighbours by an edge or corner too; looked for in their box, since most is empty."""
    boxes = [mask.box for mask in masks if mask.box is not None]
    if not boxes:
        return 0
    lowest = [min(box[axis].start for box in boxes) for axis in range(len(boxes[0]))]
    highest = [max(box[axis].stop for box in boxes) for axis in range(len(boxes[0]))]
    inside = np.zeros([high - low for low, high in zip(lowest, highest, strict=True)], np.bool_)
    for mask, box in zip(masks, boxes, strict=True):
        own = tuple(slice(side.start - low, side.stop - low) for side, low in zip(box, lowest, strict=True))
        inside[own] |= mask.crop()
    return int(ndimage.label(inside, structure=np.ones((3,) * inside.ndim))[1])


def read_list(name: str, source: bytes) -> Any:
    """Return the rows of a small list (nodules, clinical values) as JSON, CSV or XLSX; FormatError when unreadable."""
    if len(source) > LONGEST_LIST:
        raise FormatError(Fault("too_large", name, LONG_LIST, {"name": name}))
    if name.lower().endswith(".json"):
        try:
            return json.loads(source)
        except (ValueError, RecursionError):
            raise FormatError(Fault("unreadable_file", name, NOT_JSON, {"name": name})) from None
    table = files.read_table(source, name)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]

"""What the centre sent beside the images: masks in the formats radiologists export, clinical values, nodule lists."""

from __future__ import annotations

import json
import mmap
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from anonymization.criteria.exam.facts import Damage, FieldFacts, MaskFacts
from formats import files, nifti
from formats.fault import Fault, FormatError, gettext_noop
from formats.labels import Masks
from formats.mask import Mask
from formats.nifti import Buffer

LONGEST_LIST = 1_000_000  # bytes
MAPPED = 4 << 20  # files from this size are mapped and not read at once
NOT_JSON = gettext_noop("%(name)s cannot be read. Send a CSV, XLSX or JSON file.")
LONG_LIST = gettext_noop("%(name)s is larger than 1 MB. Send the list alone.")


def read_field(name: str, given: Mapping[str, Any]) -> FieldFacts:
    """Return the facts of one field; what cannot be read becomes a `Damage` under the file's own (our) name."""
    declared = given.get("declared") or {}
    facts = FieldFacts(name, declared, value=given.get("value"))
    if not given.get("path"):
        return facts
    path = Path(given["path"])
    called = given.get("called") or path.name
    try:
        source = _content(path)
        if declared.get("type") == "mask":
            return _read_mask(facts, called, source)
        return replace(facts, value=read_list(called, bytes(source)))
    except FormatError as error:
        return replace(facts, damage=_damage(called, error.faults[0]))
    except OSError:
        return replace(facts, damage=Damage(called, "unreadable_file", "the file cannot be opened"))


def _content(path: Path) -> Buffer:
    """The file's bytes; of a large one, mapped: a mask may be as large as the exam. Raises OSError."""
    if path.stat().st_size < MAPPED:
        return path.read_bytes()
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _damage(name: str, fault: Fault) -> Damage:
    return Damage(name, fault.reason, fault.message, fault.template, dict(fault.values))


def _read_mask(facts: FieldFacts, name: str, source: Buffer) -> FieldFacts:
    """Read a mask; of a NIfTI with wrong values the grid is still told, so that both faults are said at once."""
    declared = facts.declared.get("values")
    # {0, 1} is met by any {0, v}, as everywhere; a list of labels is exact.
    values = tuple(int(one) for one in declared) if declared and len(set(declared) - {0}) > 1 else None
    kind = files.kind_of(source) or ""
    try:
        return replace(facts, mask=_facts_of(files.read_mask(source, None, values, name), kind))
    except FormatError as error:
        facts = replace(facts, damage=_damage(name, error.faults[0]))
        if kind != "nifti" or error.faults[0].reason != "non_binary_mask":
            return facts
        header = nifti.read_header(source, name)
        shape = nifti.squeezed(header.shape, None)
        return replace(facts, mask=MaskFacts(_cube(shape), _rows(header.affine), format=kind))


def _facts_of(masks: Masks, kind: str) -> MaskFacts:
    """Return the facts of the masks of one file; 2D ones (rows, columns) are turned to NIfTI's (i, j, k)."""
    one = next(iter(masks.values()))
    flat = len(one.shape) == 2
    affine = one.affine
    if flat and affine is not None:
        affine = affine[:, [1, 0, 2, 3]]
    labels = {str(label): int(mask.count) for label, mask in masks.items() if mask.count}
    components = _components([mask for mask in masks.values() if mask.count])
    shape = (one.shape[1], one.shape[0], 1) if flat else _cube(one.shape)
    partial = kind == "dicom" and not flat and affine is not None
    return MaskFacts(shape, _rows(affine), labels, components, "dicom_seg" if partial else kind)


def _components(masks: list[Mask]) -> int:
    """Pieces of the masks together, neighbours by an edge or corner too; looked for in their box, since most is empty."""
    boxes = [mask.box for mask in masks if mask.box is not None]
    if not boxes:
        return 0
    lowest = [min(box[axis].start for box in boxes) for axis in range(len(boxes[0]))]
    highest = [max(box[axis].stop for box in boxes) for axis in range(len(boxes[0]))]
    inside = np.zeros([high - low for low, high in zip(lowest, highest, strict=True)], np.bool_)
    for mask, box in zip(masks, boxes, strict=True):
        own = tuple(slice(one.start - low, one.stop - low) for one, low in zip(box, lowest, strict=True))
        inside[own] |= mask.crop()
    return int(ndimage.label(inside, structure=np.ones((3,) * inside.ndim))[1])


def _cube(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(n) for n in (*shape, 1, 1)[:3])


def _rows(affine: Any) -> tuple[tuple[float, ...], ...] | None:
    return None if affine is None else tuple(tuple(float(one) for one in row) for row in affine)


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

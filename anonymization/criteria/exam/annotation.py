"""What the centre sent beside the images: masks in the formats radiologists export, clinical values, nodule lists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anonymization.criteria.exam.facts import Damage, FieldFacts, MaskFacts
from formats import files, nifti
from formats.fault import Fault, FormatError, gettext_noop
from formats.labels import Masks

LONGEST_LIST = 1_000_000  # bytes
NOT_JSON = gettext_noop("%(name)s cannot be read. Send a CSV, XLSX or JSON file.")
LONG_LIST = gettext_noop("%(name)s is larger than 1 MB. Send the list alone.")


def read_field(name: str, given: Mapping[str, Any]) -> FieldFacts:
    """Return the facts of one field; what cannot be read becomes a `Damage` under the file's own (our) name."""
    declared = given.get("declared") or {}
    facts = FieldFacts(name, declared, value=given.get("value"))
    if not given.get("path"):
        return facts
    path = Path(given["path"])
    try:
        source = path.read_bytes()
        if declared.get("type") == "mask":
            return _read_mask(facts, path.name, source)
        return replace(facts, value=read_list(path.name, source))
    except FormatError as error:
        return replace(facts, damage=_damage(path.name, error.faults[0]))
    except OSError:
        return replace(facts, damage=Damage(path.name, "unreadable_file", "the file cannot be opened"))


def _damage(name: str, fault: Fault) -> Damage:
    return Damage(name, fault.reason, fault.message, fault.template, dict(fault.values))


def _read_mask(facts: FieldFacts, name: str, source: bytes) -> FieldFacts:
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
    components = _components([mask.dense() for mask in masks.values() if mask.count])
    shape = (one.shape[1], one.shape[0], 1) if flat else _cube(one.shape)
    partial = kind == "dicom" and not flat and affine is not None
    return MaskFacts(shape, _rows(affine), labels, components, "dicom_seg" if partial else kind)


def _components(masks: list[NDArray[np.bool_]]) -> int:
    """Pieces of the masks together, neighbours by an edge or corner too; looked for in their box, since most is empty."""
    if not masks:
        return 0
    box = tuple(
        slice(min(bound[0] for bound in bounds), max(bound[1] for bound in bounds))
        for bounds in zip(*map(_bounds, masks), strict=True)
    )
    inside = masks[0][box].copy()
    for mask in masks[1:]:
        inside |= mask[box]
    return int(ndimage.label(inside, structure=np.ones((3,) * inside.ndim))[1])


def _bounds(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and one past the last index along each axis of a mask that is not empty. Axes are reduced one after the other."""
    found: list[tuple[int, int]] = []
    inside = mask
    for axis in range(mask.ndim):
        rest: Any = inside
        for _ in range(inside.ndim - axis - 1):
            rest = rest.any(axis=-1)
        for _ in range(axis):
            rest = rest.any(axis=0)
        places = np.flatnonzero(rest)
        low, high = int(places[0]), int(places[-1]) + 1
        found.append((low, high))
        inside = inside[(slice(None),) * axis + (slice(low, high),)]
    return found


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

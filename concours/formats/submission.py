"""One submission, whatever it is (a table, an archive, a folder, one file): read once, checked, kept compact.

Validation knows the public manifest and nothing else, so no message can depend on the truth.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from concours.formats import files, npy
from concours.formats.fault import Fault, FormatError, clip, gettext_noop, refuse
from concours.formats.labels import FOREGROUND, Masks
from concours.formats.manifest import Column, Manifest, ManifestError
from concours.formats.mask import Mask, by
from concours.formats.nifti import Buffer, read_volume, squeezed
from concours.formats.runs import ORDERS, parse_runs
from concours.formats.submission_files import Entry, entries_of, sorted_entries
from concours.formats.table_check import Value, Values, examine
from concours.formats.tables import MAX_FAULTS, MAX_TABLE, TABLE_TOO_LARGE

MARGIN = 16 << 20  # headers and wrappings of a mask file
LARGEST = 1 << 30  # of one file when no grid is declared


@dataclass(frozen=True)
class ParsedSubmission:
    """What a team sent: the table's `values`, and `masks[field][id][label]`. Generated images are only counted."""

    values: Values = field(default_factory=lambda: Values([]))
    masks: dict[str, dict[str, Masks]] = field(default_factory=dict)
    images: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()  # ids that were passed over, as the manifest says

    def to_wire(self) -> dict[str, Any]:
        """Plain values and arrays, as `concours.formats.wire` carries them."""
        return {
            "ids": self.values.ids,
            "columns": self.values.columns,
            "masks": {
                name: {case: {str(label): m.to_wire() for label, m in masks.items()} for case, masks in cases.items()}
                for name, cases in self.masks.items()
            },
            "images": list(self.images),
            "ignored": list(self.ignored),
        }

    @classmethod
    def from_wire(cls, document: Mapping[str, Any]) -> "ParsedSubmission":
        """Rebuild what a child sent, checking every mask; raises `ValueError` when it is not a submission."""
        try:
            masks = {
                name: {
                    case: {int(label): Mask.from_wire(m) for label, m in labels.items()} for case, labels in c.items()
                }
                for name, c in document["masks"].items()
            }
            columns = {str(k): list(v) for k, v in document["columns"].items()}
            if any(not isinstance(v, float | int | str | None) for column in columns.values() for v in column):
                raise ValueError("a cell is not a value")
            values = Values([str(i) for i in document["ids"]], columns)
            return cls(values, masks, *(tuple(map(str, document[name])) for name in ("images", "ignored")))
        except (KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
            raise ValueError("not a submission") from error


def validate_submission(path: str | Path, manifest: Manifest) -> ParsedSubmission:
    """Read and check the submission at `path`. Raises `FormatError` with all errors at once."""
    with ExitStack() as stack:
        entries = entries_of(Path(path), manifest, stack)
        faults: list[Fault] = []
        table, cases, ignored = sorted_entries(entries, manifest, faults)
        values, masks = Values([]), dict[str, dict[str, Masks]]()
        if table is not None:
            try:
                values, wrong = _read_table(table, manifest)
                faults += wrong
                masks = read_runs(values, manifest, faults)
            except FormatError as error:
                faults += error.faults
        images: list[str] = []
        if manifest.files is not None:
            if manifest.array == "image":
                images = [case for case, entry in cases.items() if _image_ok(case, entry, manifest, faults)]
            else:
                masks[manifest.mask_field] = _masks(cases, manifest, faults)
        if faults:
            raise FormatError(faults[:MAX_FAULTS])
        return ParsedSubmission(values, masks, tuple(images), tuple(sorted({*ignored, *values.ignored})))


def images(path: str | Path, manifest: Manifest) -> Iterator[tuple[str, NDArray[Any]]]:
    """The generated cases one at a time, (id, array), sorted by id; each checked again as it is read."""
    with ExitStack() as stack:
        faults: list[Fault] = []
        _, cases, _ = sorted_entries(entries_of(Path(path), manifest, stack), manifest, faults)
        if faults:
            raise FormatError(faults[:MAX_FAULTS])
        for case in sorted(cases):
            yield case, _image(case, cases[case], manifest)


def _read_table(entry: Entry, manifest: Manifest) -> tuple[Values, list[Fault]]:
    if entry.size > min(MAX_TABLE, manifest.limits.unpacked_bytes):
        raise refuse("too_large", entry.name, TABLE_TOO_LARGE, name=entry.name)
    source = entry.read()
    kind = "xlsx" if bytes(memoryview(source)[:4]) == b"PK\x03\x04" else "csv"
    if kind not in manifest.table_formats:
        template = gettext_noop("%(name)s: this question accepts its table as %(allowed)s.")
        allowed = ", ".join(manifest.table_formats)
        raise refuse("wrong_format", entry.name, template, name=entry.name, allowed=allowed)
    expected = (manifest.id_column, *manifest.columns)
    return examine(files.read_table(source, entry.name, manifest.limits, expected, ragged=True), manifest)


def read_runs(values: Values, manifest: Manifest, faults: list[Fault]) -> dict[str, dict[str, Masks]]:
    """Run lengths become masks, and their text is let go. Rows of unknown ids, a fault already, have no grid to lie on."""
    masks_by_column: dict[str, dict[str, Masks]] = {}
    manifest_ids = set(manifest.ids)
    for column in manifest.columns.values():
        if column.type != "rle" or column.name not in values.columns:
            continue
        texts: list[Value] = values.columns.pop(column.name)
        cases: dict[str, Masks] = {}
        for case, text in zip(values.ids, texts, strict=True):
            if manifest_ids and case not in manifest_ids:
                continue
            try:
                cases[case] = {FOREGROUND: _run_mask(str(text or ""), column, manifest, case)}
            except FormatError as error:
                faults += error.faults
        masks_by_column[column.name] = cases
    return masks_by_column


def _run_mask(text: str, column: Column, manifest: Manifest, case: str) -> Mask:
    """The mask of one cell of run lengths, on the reference's grid, kept in the order it was sent."""
    grid = manifest.grid_of(case)
    if grid is None:
        raise ManifestError(f"the manifest gives no grid for the id '{case}', whose mask comes as run lengths")
    runs = parse_runs(text, grid.size, column.base, f"id {clip(case, 40)}")
    order = "C" if ORDERS[column.order] == "C" else "F"
    return Mask(grid.shape, order, runs=runs).placed(grid)  # type: ignore[arg-type]


def _masks(cases: Mapping[str, Entry], manifest: Manifest, faults: list[Fault]) -> dict[str, Masks]:
    masks: dict[str, Masks] = {}
    for case, entry in cases.items():
        try:
            masks[case] = read_case(entry.read, entry.size, entry.name, manifest, case)
        except FormatError as error:
            faults += error.faults
        if len(faults) > MAX_FAULTS:
            break
    return masks


def read_case(read: Callable[[], Buffer], size: int, name: str, manifest: Manifest, case: str | None) -> Masks:
    """The masks of one file on the grid of its case; its size is compared with the grid's before it is read."""
    grid = manifest.grid_of(case)
    labels = max(len(manifest.mask_values or ()), 1)
    most = LARGEST if grid is None else min(8 * grid.size * labels + MARGIN, 4 * LARGEST)
    if size > most:
        template = gettext_noop("%(name)s: the file has %(size)s bytes, more than a mask of this image requires.")
        raise refuse("too_large", name, template, name=name, size=size)
    return files.read_mask(read(), grid, manifest.mask_values, name, manifest.formats)


def _image_ok(case: str, entry: Entry, manifest: Manifest, faults: list[Fault]) -> bool:
    if len(faults) > MAX_FAULTS:
        return False
    try:
        _image(case, entry, manifest)
    except FormatError as error:
        faults += error.faults
        return False
    return True


def _image(case: str, entry: Entry, manifest: Manifest) -> NDArray[Any]:
    """One image as numbers of the grid's shape, all finite."""
    grid = manifest.grid_of(case)
    if entry.size > (LARGEST if grid is None else 8 * grid.size + MARGIN):
        template = gettext_noop("%(name)s: the file has %(size)s bytes, more than an image of this question requires.")
        raise refuse("too_large", entry.name, template, name=entry.name, size=entry.size)
    source = entry.read()
    kind = files.kind_of(source)
    if kind not in manifest.formats or kind not in ("npy", "nifti"):
        template = gettext_noop("%(name)s: this question accepts images as .npy arrays or NIfTI.")
        raise refuse("wrong_format", entry.name, template, name=entry.name)
    array = npy.read_array(source, entry.name) if kind == "npy" else read_volume(source, entry.name).array
    shape = squeezed(array.shape, None if grid is None else len(grid.shape))
    if grid is not None and shape != grid.shape:
        template = gettext_noop("%(name)s: the array is %(found)s; it must be %(wanted)s.")
        values = {"name": entry.name, "found": by(array.shape), "wanted": by(grid.shape)}
        raise refuse("wrong_shape", entry.name, template, **values)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        template = gettext_noop("%(name)s: the image contains NaN or infinite values.")
        raise refuse("non_finite", entry.name, template, name=entry.name)
    return array.reshape(shape)

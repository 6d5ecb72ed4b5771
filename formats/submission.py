"""One submission, whatever it is (a table, an archive, a folder, one file): read once, checked, kept compact.

Validation knows the public manifest and nothing else, so no message can depend on the truth.
"""

import mmap
import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formats import files, npy
from formats.archive import Archive, Member, open_archive
from formats.fault import Fault, FormatError, clip, gettext_noop, refuse
from formats.labels import FOREGROUND, Masks
from formats.manifest import Column, Limits, Manifest, ManifestError
from formats.mask import Mask, by
from formats.nifti import Buffer, read_volume, squeezed
from formats.runs import ORDERS, parse_runs
from formats.tables import MAX_FAULTS, MAX_TABLE, TABLE_TOO_LARGE, Value, Values, examine

MARGIN = 16 << 20  # headers and wrappings of a mask file
LARGEST = 1 << 30  # of one file when no grid is declared


@dataclass(frozen=True)
class Submission:
    """What a team sent: the table's `values`, and `masks[field][id][label]`. Generated images are only counted."""

    values: Values = field(default_factory=lambda: Values([]))
    masks: dict[str, dict[str, Masks]] = field(default_factory=dict)
    images: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()  # ids that were passed over, as the manifest says

    def to_wire(self) -> dict[str, Any]:
        """Plain values and arrays, as `formats.wire` carries them."""
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
    def from_wire(cls, document: Mapping[str, Any]) -> "Submission":
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


@dataclass(frozen=True)
class Entry:
    """One file of a submission: its name as sent, its size, and how to get its bytes."""

    name: str
    size: int
    read: Callable[[], Buffer]
    begin: Callable[[], object] = bytes  # its first bytes; raises `FormatError` for an archive in an archive


def validate_submission(path: str | Path, manifest: Manifest) -> Submission:
    """Read and check the submission at `path`. Raises `FormatError` with all errors at once."""
    with ExitStack() as stack:
        entries = _entries(Path(path), manifest, stack)
        faults: list[Fault] = []
        table, cases, ignored = _sorted(entries, manifest, faults)
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
        return Submission(values, masks, tuple(images), tuple(sorted({*ignored, *values.ignored})))


def images(path: str | Path, manifest: Manifest) -> Iterator[tuple[str, NDArray[Any]]]:
    """The generated cases one at a time, (id, array), sorted by id; each checked again as it is read."""
    with ExitStack() as stack:
        faults: list[Fault] = []
        _, cases, _ = _sorted(_entries(Path(path), manifest, stack), manifest, faults)
        if faults:
            raise FormatError(faults[:MAX_FAULTS])
        for case in sorted(cases):
            yield case, _image(case, cases[case], manifest)


def _entries(path: Path, manifest: Manifest, stack: ExitStack) -> list[Entry]:
    if path.is_dir():
        return _folder(path, manifest.limits, stack)
    size = path.stat().st_size
    if size == 0:
        raise refuse("empty_submission", path.name, gettext_noop("The file is empty. Send it again."))
    if size > manifest.limits.bytes:
        template = gettext_noop("The file has %(size)s bytes; at most %(limit)s are allowed. Send a smaller file.")
        raise refuse("too_large", path.name, template, size=size, limit=manifest.limits.bytes)
    with path.open("rb") as handle:
        head = handle.read(4096)
    zipped = head.startswith((b"PK\x03\x04", b"PK\x05\x06")) or path.suffix.lower() == ".zip"
    if zipped and not _is_workbook(path, head):
        archive = stack.enter_context(open_archive(path, manifest.limits))
        return [Entry(m.name, m.size, _member_reader(archive, m), _member_start(archive, m)) for m in archive.members]
    return [Entry(path.name, size, _file_reader(path, stack))]


def _folder(path: Path, limits: Limits, stack: ExitStack) -> list[Entry]:
    found = []
    for file in sorted(path.rglob("*")):
        if file.is_symlink():
            template = gettext_noop("'%(name)s' is a link. Send the file itself.")
            raise refuse("unsafe_file", file.name, template, name=file.name)
        if file.is_file() and not file.name.startswith("."):
            found.append(Entry(file.relative_to(path).as_posix(), file.stat().st_size, _file_reader(file, stack)))
        if len(found) > limits.entries:
            template = gettext_noop("The folder holds more than %(limit)s files. Send fewer files.")
            raise refuse("too_large", path.name, template, limit=limits.entries)
    if not found:
        raise refuse("empty_submission", path.name, gettext_noop("The folder holds no file."))
    if sum(e.size for e in found) > limits.unpacked_bytes:
        raise refuse("too_large", path.name, gettext_noop("The folder is larger than is allowed. Send less."))
    return found


def _is_workbook(path: Path, head: bytes) -> bool:
    return path.suffix.lower() == ".xlsx" or b"[Content_Types].xml" in head or b"xl/workbook" in head


def _member_reader(archive: Archive, member: Member) -> Callable[[], Buffer]:
    return lambda: archive.read(member)


def _member_start(archive: Archive, member: Member) -> Callable[[], object]:
    return lambda: next(archive.chunks(member), b"")


def _file_reader(path: Path, stack: ExitStack) -> Callable[[], Buffer]:
    def read() -> Buffer:
        if path.stat().st_size < (1 << 20):
            return path.read_bytes()
        with path.open("rb") as handle:
            mapped = mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
        stack.callback(_close, mapped)
        return memoryview(mapped)

    return read


def _close(mapped: mmap.mmap) -> None:
    try:
        mapped.close()
    except BufferError:  # an array still looks into the file; it is unmapped with the array
        return


def _sorted(
    entries: list[Entry], manifest: Manifest, faults: list[Fault]
) -> tuple[Entry | None, dict[str, Entry], set[str]]:
    """The table (if the question has one), the file of each case, and the ignored ids that had files.

    What is missing, doubled or extra is a fault.
    """
    prefix = _common_folder([e.name for e in entries])
    wants_table = bool(manifest.columns)
    tables: list[tuple[str, Entry]] = []
    rest: list[tuple[str, Entry]] = []
    for entry in entries:
        name = entry.name[len(prefix) :]
        is_table = name.lower().endswith(files.TABLE_ENDINGS)
        (tables if wants_table and is_table else rest).append((name, entry))
    if wants_table and manifest.files is None and not tables and len(entries) == 1:
        tables, rest = [(entries[0].name, entries[0])], []
    table = _one_table(tables, rest, manifest, faults) if wants_table else None
    gone = {} if manifest.files is None else _by_name(manifest.ignored_ids, manifest)
    ignored = {case for name, _ in rest if (case := _named(name, gone)) is not None}
    rest = [(name, entry) for name, entry in rest if _named(name, gone) is None]
    cases = _matched(rest, manifest, faults) if manifest.files is not None else {}
    if manifest.files is None:
        faults += [_extra(name, entry) for name, entry in rest]
    return table, cases, ignored


def _one_table(
    tables: list[tuple[str, Entry]], rest: list[tuple[str, Entry]], manifest: Manifest, faults: list[Fault]
) -> Entry | None:
    if len(tables) > 1 and manifest.table:
        stem = posixpath.splitext(manifest.table.lower())[0]
        named = [t for t in tables if posixpath.splitext(posixpath.basename(t[0]).lower())[0] == stem]
        if named:
            rest += [t for t in tables if t not in named]
            tables = named
    if not tables and manifest.table is None and manifest.files is not None:
        return None  # nothing says that a table lies beside the files
    if not tables:
        wanted = manifest.table or "table.csv"
        template = gettext_noop("The submission lacks the table '%(name)s'. Put it in the archive and send it again.")
        faults.append(Fault("missing_file", wanted, template, {"name": wanted}))
        return None
    if len(tables) > 1:
        template = gettext_noop("The submission holds %(count)s tables, '%(name)s' among them; send one.")
        faults.append(Fault("duplicate_file", tables[1][0], template, {"count": len(tables), "name": tables[1][0]}))
    return tables[0][1]


def _matched(rest: list[tuple[str, Entry]], manifest: Manifest, faults: list[Fault]) -> dict[str, Entry]:
    if manifest.cases is not None:
        return _chosen(rest, manifest, faults)
    single = len(rest) == 1 == len(manifest.ids)
    expected = _by_name(manifest.ids, manifest)
    cases: dict[str, Entry] = {}
    for name, entry in rest:
        case = _named(name, expected) or (manifest.ids[0] if single else None)
        if case is None:
            faults.append(_extra(name, entry))
        elif case in cases:
            template = gettext_noop("The id '%(id)s' has two files, '%(name)s' is the second. Send one file an id.")
            faults.append(Fault("duplicate_file", name, template, {"id": case, "name": name}))
        else:
            cases[case] = entry
    template = gettext_noop("There is no file for the id '%(id)s'. It must be called '%(name)s'.")
    for case in manifest.ids:
        if case not in cases:
            name = next(iter(_names(case, manifest)))
            faults.append(Fault("missing_file", f"id {case}", template, {"id": case, "name": name}))
    return cases


def _chosen(rest: list[tuple[str, Entry]], manifest: Manifest, faults: list[Fault]) -> dict[str, Entry]:
    """Cases whose ids the team chose: any name of the right ending, and a number of them between two bounds."""
    ending = (manifest.files or "").rpartition("{id}")[2]
    cases: dict[str, Entry] = {}
    for name, entry in rest:
        case = name.removesuffix(ending)
        if not name.endswith(ending) or not case:
            faults.append(_extra(name, entry))
        else:
            cases[case] = entry
    fewest, most = manifest.cases or (1, 1)
    if not fewest <= len(cases) <= most:
        template = gettext_noop("The submission holds %(count)s cases; it must hold %(fewest)s to %(most)s.")
        values = {"count": len(cases), "fewest": fewest, "most": most}
        faults.append(Fault("missing_file" if len(cases) < fewest else "extra_file", "submission", template, values))
    return cases


def _by_name(ids: Iterable[str], manifest: Manifest) -> dict[str, str]:
    """Each name that a file of one of these ids may have, and the id."""
    return {name: case for case in ids for name in _names(case, manifest)}


def _named(name: str, by_name: Mapping[str, str]) -> str | None:
    return by_name.get(name) or by_name.get(posixpath.basename(name))


def _names(case: str, manifest: Manifest) -> list[str]:
    """The names a case's file may have: the pattern's own ending, or any ending of the allowed formats."""
    pattern = manifest.files or "{id}"
    endings = [e for kind in manifest.formats for e in files.ENDINGS.get(kind, ())]
    own = next((e for e in sorted(endings, key=len, reverse=True) if e and pattern.lower().endswith(e)), None)
    stem = pattern.replace("{id}", case)
    if own is None:
        return [stem + e for e in endings]
    alike = {".nii": [".nii", ".nii.gz"], ".nii.gz": [".nii.gz", ".nii"], ".dcm": [".dcm", ".dicom"]}.get(own, [own])
    return [stem[: -len(own)] + e for e in alike]


def _extra(name: str, entry: Entry) -> Fault:
    """Nothing asks for this file. Another archive is told as what it is, since its files may be what is missing."""
    try:
        entry.begin()
    except FormatError as error:
        return error.faults[0]
    template = gettext_noop("The file '%(name)s' belongs to no case. Remove it, or name it as the question says.")
    return Fault("extra_file", name, template, {"name": name})


def _common_folder(names: list[str]) -> str:
    """The folder that holds every file ("masks/"), which people add without meaning it."""
    folders = {name.partition("/")[0] for name in names if "/" in name}
    return folders.pop() + "/" if len(folders) == 1 and all("/" in name for name in names) else ""


def _read_table(entry: Entry, manifest: Manifest) -> tuple[Values, list[Fault]]:
    if entry.size > min(MAX_TABLE, manifest.limits.unpacked_bytes):
        raise refuse("too_large", entry.name, TABLE_TOO_LARGE, name=entry.name)
    source = entry.read()
    kind = "xlsx" if bytes(memoryview(source)[:4]) == b"PK\x03\x04" else "csv"
    if kind not in manifest.table_formats:
        template = gettext_noop("%(name)s: this question takes its table as %(allowed)s.")
        allowed = ", ".join(manifest.table_formats)
        raise refuse("wrong_format", entry.name, template, name=entry.name, allowed=allowed)
    expected = (manifest.id_column, *manifest.columns)
    return examine(files.read_table(source, entry.name, manifest.limits, expected, ragged=True), manifest)


def read_runs(values: Values, manifest: Manifest, faults: list[Fault]) -> dict[str, dict[str, Masks]]:
    """Run lengths become masks, and their text is let go. Rows of unknown ids, a fault already, have no grid to lie on."""
    found: dict[str, dict[str, Masks]] = {}
    known = set(manifest.ids)
    for column in manifest.columns.values():
        if column.type != "rle" or column.name not in values.columns:
            continue
        texts: list[Value] = values.columns.pop(column.name)
        cases: dict[str, Masks] = {}
        for case, text in zip(values.ids, texts, strict=True):
            if known and case not in known:
                continue
            try:
                cases[case] = {FOREGROUND: _run_mask(str(text or ""), column, manifest, case)}
            except FormatError as error:
                faults += error.faults
        found[column.name] = cases
    return found


def _run_mask(text: str, column: Column, manifest: Manifest, case: str) -> Mask:
    """The mask of one cell of run lengths, on the reference's grid, kept in the order it was sent."""
    grid = manifest.grid_of(case)
    if grid is None:
        raise ManifestError(f"the manifest gives no grid for the id '{case}', whose mask comes as run lengths")
    runs = parse_runs(text, grid.size, column.base, f"id {clip(case, 40)}")
    order = "C" if ORDERS[column.order] == "C" else "F"
    return Mask(grid.shape, order, runs=runs).placed(grid)  # type: ignore[arg-type]


def _masks(cases: Mapping[str, Entry], manifest: Manifest, faults: list[Fault]) -> dict[str, Masks]:
    found: dict[str, Masks] = {}
    for case, entry in cases.items():
        try:
            found[case] = read_case(entry.read, entry.size, entry.name, manifest, case)
        except FormatError as error:
            faults += error.faults
        if len(faults) > MAX_FAULTS:
            break
    return found


def read_case(read: Callable[[], Buffer], size: int, name: str, manifest: Manifest, case: str | None) -> Masks:
    """The masks of one file on the grid of its case; its size is compared with the grid's before it is read."""
    grid = manifest.grid_of(case)
    labels = max(len(manifest.mask_values or ()), 1)
    most = LARGEST if grid is None else min(8 * grid.size * labels + MARGIN, 4 * LARGEST)
    if size > most:
        template = gettext_noop("%(name)s: the file has %(size)s bytes, more than a mask of this image can need.")
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
        template = gettext_noop("%(name)s: the file has %(size)s bytes, more than an image of this question can need.")
        raise refuse("too_large", entry.name, template, name=entry.name, size=entry.size)
    source = entry.read()
    kind = files.kind_of(source)
    if kind not in manifest.formats or kind not in ("npy", "nifti"):
        template = gettext_noop("%(name)s: this question takes images as .npy arrays or NIfTI.")
        raise refuse("wrong_format", entry.name, template, name=entry.name)
    array = npy.read_array(source, entry.name) if kind == "npy" else read_volume(source, entry.name).array
    shape = squeezed(array.shape, None if grid is None else len(grid.shape))
    if grid is not None and shape != grid.shape:
        template = gettext_noop("%(name)s: the array is %(found)s; it must be %(wanted)s.")
        values = {"name": entry.name, "found": by(array.shape), "wanted": by(grid.shape)}
        raise refuse("wrong_shape", entry.name, template, **values)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        template = gettext_noop("%(name)s: the image holds NaN or infinite values.")
        raise refuse("non_finite", entry.name, template, name=entry.name)
    return array.reshape(shape)

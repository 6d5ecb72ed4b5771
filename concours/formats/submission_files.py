"""Which file of a submission is which: the table, and each case by its name; what is missing, double or too much."""

import mmap
import posixpath
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from concours.formats import files
from concours.formats.archive import Archive, open_archive
from concours.formats.fault import Fault, FormatError, gettext_noop, plural_noop, refuse
from concours.formats.manifest import Manifest, SubmissionLimits
from concours.formats.nifti import Buffer
from concours.formats.zip_directory import ArchiveMember


@dataclass(frozen=True)
class Entry:
    """One file of a submission: its name as sent, its size, and how to get its bytes."""

    name: str
    size: int
    read: Callable[[], Buffer]
    begin: Callable[[], object] = bytes  # its first bytes; raises `FormatError` for an archive in an archive


def entries_of(path: Path, manifest: Manifest, stack: ExitStack) -> list[Entry]:
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


def _folder(path: Path, limits: SubmissionLimits, stack: ExitStack) -> list[Entry]:
    entries = []
    for file in sorted(path.rglob("*")):
        if file.is_symlink():
            template = gettext_noop("'%(name)s' is a link. Send the file itself.")
            raise refuse("unsafe_file", file.name, template, name=file.name)
        if file.is_file() and not file.name.startswith("."):
            entries.append(Entry(file.relative_to(path).as_posix(), file.stat().st_size, _file_reader(file, stack)))
        if len(entries) > limits.entries:
            template = gettext_noop("The folder contains more than %(limit)s files. Send fewer files.")
            raise refuse("too_large", path.name, template, limit=limits.entries)
    if not entries:
        raise refuse("empty_submission", path.name, gettext_noop("The folder contains no file."))
    if sum(e.size for e in entries) > limits.unpacked_bytes:
        raise refuse("too_large", path.name, gettext_noop("The folder is larger than allowed. Send less."))
    return entries


def _is_workbook(path: Path, head: bytes) -> bool:
    return path.suffix.lower() == ".xlsx" or b"[Content_Types].xml" in head or b"xl/workbook" in head


def _member_reader(archive: Archive, member: ArchiveMember) -> Callable[[], Buffer]:
    return lambda: archive.read(member)


def _member_start(archive: Archive, member: ArchiveMember) -> Callable[[], object]:
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


def sorted_entries(
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
    cases = matched_entries(rest, manifest, faults) if manifest.files is not None else {}
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
        table_name = manifest.table or "table.csv"
        template = gettext_noop(
            "The table '%(name)s' is missing from the submission. Add it to the archive and send it again."
        )
        faults.append(Fault("missing_file", table_name, template, {"name": table_name}))
        return None
    if len(tables) > 1:
        template = gettext_noop("The submission contains %(count)s tables, including '%(name)s'. Send one.")
        faults.append(Fault("duplicate_file", tables[1][0], template, {"count": len(tables), "name": tables[1][0]}))
    return tables[0][1]


def matched_entries(rest: list[tuple[str, Entry]], manifest: Manifest, faults: list[Fault]) -> dict[str, Entry]:
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
            template = gettext_noop("The id '%(id)s' has two files; '%(name)s' is the second. Send one file per id.")
            faults.append(Fault("duplicate_file", name, template, {"id": case, "name": name}))
        else:
            cases[case] = entry
    template = gettext_noop("There is no file for the id '%(id)s'. Its name must be '%(name)s'.")
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
        template = plural_noop(
            "The submission contains %(count)s case; %(fewest)s to %(most)s are required.",
            "The submission contains %(count)s cases; %(fewest)s to %(most)s are required.",
        )
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
    template = gettext_noop("The file '%(name)s' belongs to no case. Remove it, or name it as the question requires.")
    return Fault("extra_file", name, template, {"name": name})


def _common_folder(names: list[str]) -> str:
    """The folder that holds every file ("masks/"), which people add without meaning it."""
    folders = {name.partition("/")[0] for name in names if "/" in name}
    return folders.pop() + "/" if len(folders) == 1 and all("/" in name for name in names) else ""

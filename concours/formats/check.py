"""`check_upload`: what validation does before any scoring, on one file alone, inside a disposable child process."""

import mmap
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concours.formats import child, files, npy, xlsx
from concours.formats.archive import open_archive
from concours.formats.fault import Fault, FormatError, gettext_noop, refuse
from concours.formats.manifest import Manifest, ManifestError
from concours.formats.nifti import Buffer, read_volume
from concours.formats.submission import ParsedSubmission, read_case, read_runs, validate_submission
from concours.formats.table_check import examine
from concours.formats.tables import MAX_FAULTS, Table, read_csv

KINDS = ("zip", "dicom", "nifti", "npy", "csv", "xlsx", "image")
FORMAT_OF = {"nifti": "nifti", "npy": "npy", "image": "png", "dicom": "dicom"}
LIMITS = child.ChildLimits(memory_bytes=1 << 30, cpu_seconds=120)
FINE = gettext_noop("The file can be used.")


@dataclass(frozen=True)
class Verdict:
    """`verdict` is accept, sanitise, quarantine or reject; `code` is a reason code, empty for accept."""

    verdict: str
    code: str = ""
    message: str = FINE
    faults: tuple[Fault, ...] = ()

    def to_json(self) -> dict[str, str]:
        """The line that the command prints."""
        return {"verdict": self.verdict, "code": self.code, "message": self.message}


def check_upload(
    path: str | Path, kind: str, manifest: Manifest | None = None, work: str | Path | None = None
) -> Verdict:
    """Check the file at `path` in a confined child that may read it, write below `work`, and nothing else.

    `manifest` is all it may know of the question; without one only the format itself is checked. Nothing is scored.
    """
    if kind not in KINDS:
        raise ValueError(f"'{kind}' is not a kind of upload; use one of {', '.join(KINDS)}")
    document = None if manifest is None else manifest.to_json()
    writable = [] if work is None else [work]
    try:
        answer = child.run_limited(
            "concours.formats.check:judge",
            str(Path(path).absolute()),
            kind,
            document,
            limits=LIMITS,
            read=[path],
            write=writable,
        )
        return Verdict(str(answer["verdict"]), str(answer["code"]), str(answer["message"]))
    except FormatError as error:
        return _rejected(error)


def judge(path: str, kind: str, manifest: Mapping[str, Any] | None) -> dict[str, str]:
    """The part of `check_upload` that runs in the child."""
    try:
        return _judge(Path(path), kind, None if manifest is None else Manifest.from_json(manifest)).to_json()
    except FormatError as error:
        return _rejected(error).to_json()
    except ManifestError as error:
        return _rejected(FormatError(question_fault(error))).to_json()
    except (MemoryError, ImportError, SystemError):
        raise
    except Exception as error:  # the edge: a decoder's surprise is the file's fault, and is refused like any damage
        template = gettext_noop("The file cannot be decoded (%(kind)s). Export it again and resend it.")
        return _rejected(refuse("unreadable_file", "file", template, kind=type(error).__name__)).to_json()


def validate(path: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """`submission.validate_submission` for a child: `Submission.from_wire` rebuilds the result in the parent."""
    try:
        return validate_submission(path, Manifest.from_json(manifest)).to_wire()
    except ManifestError as error:
        raise FormatError(question_fault(error)) from error
    except (ValueError, LookupError, TypeError, ArithmeticError, AttributeError, RuntimeError, AssertionError) as error:
        raise FormatError(_surprise(error)) from error


def validate_limited(path: str | Path, manifest: Manifest, limits: child.ChildLimits | None = None) -> ParsedSubmission:
    """Validate in a confined child and rebuild the result here. Raises `FormatError` with all errors at once."""
    whole = str(Path(path).absolute())  # the child works in another folder
    wire = child.run_limited(
        "concours.formats.check:validate", whole, manifest.to_json(), limits=limits or LIMITS, read=[path]
    )
    try:
        return ParsedSubmission.from_wire(wire)
    except ValueError as error:
        raise child.LimitExceededError("crash") from error


def question_fault(error: ManifestError) -> Fault:
    template = gettext_noop("The question is not set up correctly: %(error)s. Inform the organisers.")
    return Fault("organiser_error", "manifest", template, {"error": str(error)[:120]})


def _surprise(error: Exception) -> Fault:
    template = gettext_noop("A file of the submission cannot be decoded (%(kind)s). Export it again and resend it.")
    return Fault("unreadable_file", "submission", template, {"kind": type(error).__name__})


def _rejected(error: FormatError) -> Verdict:
    first = error.faults[0]
    return Verdict("reject", first.reason, first.message, error.faults)


def _judge(path: Path, kind: str, manifest: Manifest | None) -> Verdict:
    size = path.stat().st_size
    name = path.name
    if size == 0:
        raise refuse("unreadable_file", name, gettext_noop("The file is empty. Send it again."))
    if manifest is not None and size > manifest.limits.bytes:
        template = gettext_noop("The file has %(size)s bytes; at most %(limit)s are allowed. Send a smaller file.")
        raise refuse("too_large", name, template, size=size, limit=manifest.limits.bytes)
    if kind == "zip":
        return _zip(path, manifest)
    if kind in ("csv", "xlsx"):
        return _table(path, kind, manifest)
    source = path.read_bytes() if size < (64 << 20) else _mapped(path)
    return _one(source, kind, name, manifest)


def _mapped(path: Path) -> memoryview:
    with path.open("rb") as handle:
        return memoryview(mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ))


def _one(source: Buffer, kind: str, name: str, manifest: Manifest | None) -> Verdict:
    """One array or image: as a mask when the manifest says what a mask is, else for its format alone."""
    expected_format = FORMAT_OF[kind]
    actual_format = files.kind_of(source)
    if expected_format == "dicom" and actual_format != "dicom":
        _inspect_dicom(source, name)  # says how it is not DICOM
    if actual_format != expected_format:
        template = gettext_noop("%(name)s is not a %(wanted)s file. Save it in that format and resend it.")
        raise refuse("wrong_format", name, template, name=name, wanted=expected_format)
    if manifest is not None and manifest.array == "mask" and (manifest.grid or manifest.mask_values):
        read_case(lambda: source, len(source), name, manifest, None)
        return Verdict("accept")
    if expected_format == "nifti":
        read_volume(source, name)
    elif expected_format == "npy":
        _plain_array(source, name, manifest)
    elif expected_format == "png":
        from concours.formats import png

        png.read_array(source, name, None if manifest is None else manifest.grid)
    else:
        doubt = _inspect_dicom(source, name)
        if doubt is not None:
            return Verdict("quarantine", doubt.reason, doubt.message, (doubt,))
    return Verdict("accept")


def _inspect_dicom(source: Buffer, name: str) -> Fault | None:
    from concours.formats import dicom_check  # with pydicom, which a table does without

    return dicom_check.inspect(source, name)


def _plain_array(source: Buffer, name: str, manifest: Manifest | None) -> None:
    array = npy.read_array(source, name)
    if manifest is not None and manifest.grid is not None and array.shape != manifest.grid.shape:
        template = gettext_noop("%(name)s: the array's shape differs from that of the question's images.")
        raise refuse("wrong_shape", name, template, name=name)


def _table(path: Path, kind: str, manifest: Manifest | None) -> Verdict:
    source = path.read_bytes()
    limits = None if manifest is None else manifest.limits
    expected = () if manifest is None else (manifest.id_column, *manifest.columns)
    table: Table
    if kind == "xlsx":
        table = xlsx.read_xlsx(source, path.name, limits, ragged=True)
    else:
        table = read_csv(source, path.name, limits, expected, ragged=True)
    declared = manifest or Manifest(id_column=table.columns[0] if table.columns else "id")
    values, faults = examine(table, declared)
    read_runs(values, declared, faults)
    if faults:
        raise FormatError(faults[:MAX_FAULTS])
    return Verdict("accept")


def _zip(path: Path, manifest: Manifest | None) -> Verdict:
    if manifest is not None and (manifest.files is not None or manifest.columns):
        with open_archive(path, manifest.limits):
            pass  # what is wrong with the archive is said before what is wrong with its files
        validate_submission(path, manifest)
        return _leftovers(path, manifest)
    doubts: list[Fault] = []
    faults: list[Fault] = []
    for name, source in _members(path, manifest):
        try:
            doubt = _any(source, name)
        except FormatError as error:
            faults += error.faults
            continue
        if doubt is not None:
            doubts.append(doubt)
    if faults:
        raise FormatError(faults)
    if doubts:
        return Verdict("quarantine", doubts[0].reason, doubts[0].message, tuple(doubts))
    return _leftovers(path, manifest)


def _members(path: Path, manifest: Manifest | None) -> Iterator[tuple[str, Buffer]]:
    with open_archive(path, None if manifest is None else manifest.limits) as archive:
        for member in archive.members:
            if member.size > (1 << 30):
                template = gettext_noop("Member '%(name)s' is larger than 1 GB. Send it alone, or send a smaller file.")
                raise refuse("too_large", member.name, template, name=member.name)
            yield member.name, archive.read(member)


def _any(source: Buffer, name: str) -> Fault | None:
    """A member of an archive that no manifest describes: read by its content; what is unknown is for a person."""
    kind = files.kind_of(source)
    lowered = name.lower()
    if kind == "dicom" or lowered.endswith((".dcm", ".dicom")):
        return _inspect_dicom(source, name)
    if kind is not None:
        _one(source, {"png": "image"}.get(kind, kind), name, None) if kind != "nrrd" else files.read_mask(
            source, name=name
        )
    elif lowered.endswith(files.TABLE_ENDINGS):
        files.read_table(source, name)
    elif lowered.endswith((".nii", ".nii.gz", ".npy", ".png", ".nrrd")):
        files.read_mask(source, name=name)
    else:
        template = gettext_noop("'%(name)s' is not a supported type of file; manual review needed.")
        return Fault("wrong_format", name, template, {"name": name})
    return None


JUNK = gettext_noop("The archive can be used; system files in it are ignored.")


def _leftovers(path: Path, manifest: Manifest | None) -> Verdict:
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - (1 << 20)))
        directory = handle.read()
    if re.search(rb"__MACOSX/|\.DS_Store|Thumbs\.db|desktop\.ini", directory, re.IGNORECASE):
        return Verdict("sanitise", "extra_file", JUNK)
    return Verdict("accept")

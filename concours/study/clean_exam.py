"""One exam through the engine and the second check, in one limited child: on the server, and on a centre's own machine."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from concours.deid.values import declared_fields, parse_tables
from concours.formats.child import ChildLimits, run_limited
from concours.formats.stored import StoredArchive, members, whole
from concours.questions.schema import QuestionSpec
from concours.study.cleaned import CleanedExam, CleanedFile

WHERE_THEY_LIE = ("dicom/", "annotations/")  # members that are large
LIMITS = ChildLimits(memory_bytes=4 << 30, cpu_seconds=1800, file_bytes=4 << 30)


@dataclass(frozen=True)
class Clean:
    """What the child left: where, and what it answered; `sizes` in bytes of the files that were packed."""

    folder: Path
    answer: CleanedExam
    sizes: dict[str, int] = field(default_factory=dict)

    @property
    def usable(self) -> list[CleanedFile]:
        """One report for each file that was written: originals that differed in what was removed are one file now."""
        return list({file.output: file for file in reversed(self._written)}.values())[::-1]

    @property
    def merged(self) -> int:
        """How many originals became equal to another one."""
        return len(self._written) - len(self.usable)

    @property
    def _written(self) -> list[CleanedFile]:
        return [file for file in self.answer.files if not file.is_refused and not file.is_annotation]


def clean_exam(
    path: Path, folder: Path, secret: bytes, spec: QuestionSpec, *, waiting: Callable[[], None] | None = None
) -> Clean:
    """Cleans the originals at `path` (`originals.pack_originals`) into `folder/clean`. Raises FormatError.

    The zip is our own, under our own names; what the members hold is parsed by the child alone. `secret` is the centre's key;
    `waiting` is called about once a second.
    """
    originals = members(path)
    files = [original for original in originals if original.name.startswith(WHERE_THEY_LIE)]
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder / "original", [original.name for original in originals if original not in files])
    parse_tables(folder / "original")
    answer = run_limited(
        "concours.study.cleaning:run",
        [file.to_json() for file in files],
        str(folder),
        secret,
        list(spec.deidentification.keep),
        [declared.to_json() for declared in declared_fields(spec.data.fields).values()],
        limits=LIMITS,
        read=[folder, path],
        write=[folder],
        waiting=waiting,
    )
    return Clean(folder / "clean", CleanedExam.from_json(answer))


def pack_clean(clean: Clean) -> Path:
    """All usable instances as one stored zip, the same bytes whenever it is made: `<image>/<series>/<sop>.dcm`."""
    path = clean.folder / "bundle.zip"
    with StoredArchive(path) as archive:
        for file in sorted(clean.usable, key=lambda file: file.output):
            source = whole(clean.folder / "dicom" / file.output)
            archive.add(f"{file.image}/{file.place}.dcm", source)
            clean.sizes[file.output] = source.size
            source.path.unlink()  # the next one takes its memory, and the exam its room on the disk once
    return path

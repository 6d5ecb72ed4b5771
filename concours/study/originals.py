"""The originals of one exam as one stored zip under our own names: what the quarantine holds and what is cleaned."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

from concours.formats.json import JsonObject
from concours.formats.stored import Stored, StoredArchive
from concours.questions.schema import QuestionSpec
from concours.study.grouping import GroupedExam, image_of
from concours.study.sent import SentFile

PREPARED = "prepared.json"  # says that the centre's own machine has given the exam its new identities already


def pack_originals(
    path: Path, draft: GroupedExam, spec: QuestionSpec, values: JsonObject, *, prepared: bool = False
) -> None:
    """Writes `path`, byte for byte the same whenever it is made again.

    Members: `dicom/<image>/<number>.dcm`, `annotations/<field>.<ending>`, `tables/…`, `values.json`, `regions.json`, `names.json`
    with what the centre called each file, and `prepared.json` where the files came de-identified with the centre's key.
    """
    names = {}
    with StoredArchive(path) as archive:
        for number, file in enumerate(sorted(draft.dicom, key=lambda f: (f.name, f.sha256))):
            own = f"dicom/{image_of(file.name, spec)}/{number:06d}.dcm"
            names[own] = file.name
            archive.add(own, _place(file))
        for name, file in sorted(draft.annotations.items()):
            archive.add(f"annotations/{name}{file.ending or '.dcm'}", _place(file))
        for number, file in enumerate(draft.tables):
            stem = PurePosixPath(file.name).name.lower().removesuffix(file.ending)
            archive.add(f"tables/{number:02d}-{_plain(stem)}{file.ending}", _place(file))
        for name, document in (("values.json", values), ("names.json", names), ("regions.json", draft.regions)):
            archive.add(name, json.dumps(document, sort_keys=True).encode())
        if prepared:
            archive.add(PREPARED, b"{}")


def _plain(stem: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in stem)[:40]


def _place(file: SentFile) -> Stored:
    return Stored(Path(file.path), file.name, file.offset, file.size)

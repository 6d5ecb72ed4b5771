"""The manifest of a batch: written into its archive and stored in its row. docs/reference.md describes its keys."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from concours.formats.json import JsonObject


@dataclass(frozen=True)
class DescribedFile:
    """A file of the archive: its path in it, its hash and its size."""

    path: str
    sha256: str
    bytes: int

    def to_json(self) -> JsonObject:
        return asdict(self)


@dataclass(frozen=True)
class ManifestCase:
    """A case under the id that teams know. `patient` groups cases of one patient; `face` says what became of it."""

    id: str
    files: tuple[DescribedFile, ...]
    patient: str = ""
    face: str = ""

    def to_json(self) -> JsonObject:
        return {
            "id": self.id,
            **({"patient": self.patient} if self.patient else {}),
            **({"face": self.face} if self.face else {}),
            "files": [file.to_json() for file in self.files],
        }


@dataclass(frozen=True)
class BatchManifest:
    """`withdrawn` are ids of cases that left since the release, `corrections` what changed of the delivered fields since."""

    question: str
    batch: str
    version: int
    withdrawn: tuple[str, ...]
    corrections: tuple[dict[str, str], ...]
    format: str
    fields: tuple[str, ...]
    face: str
    table: DescribedFile
    cases: tuple[ManifestCase, ...]

    @property
    def ids(self) -> set[str]:
        return {case.id for case in self.cases}

    def to_json(self) -> JsonObject:
        """In the order in which the archive's file is written."""
        return {
            "question": self.question,
            "batch": self.batch,
            "version": self.version,
            "withdrawn": list(self.withdrawn),
            "corrections": list(self.corrections),
            "format": self.format,
            "fields": list(self.fields),
            "face": self.face,
            "table": self.table.to_json(),
            "cases": [case.to_json() for case in self.cases],
        }

    def sha256(self) -> str:
        """Of the manifest in one spelling: keys in order, no spaces."""
        text = json.dumps(self.to_json(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def described(folder: Path, relative: str) -> DescribedFile:
    path = folder / relative
    with path.open("rb") as file:
        return DescribedFile(relative, hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)

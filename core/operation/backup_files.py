"""What a backup folder consists of: the manifest, the database, objects of the stores, files of the data folder.

manifest.sealed            what there is, with sizes; written last
database/<table>.sealed    one file per table (PostgreSQL), or the whole database (SQLite)
objects/<2>/<64>.sealed    objects; the name is an HMAC of store and key, which tells nothing
files/<64>.sealed          staging files of uploads that are not taken over yet, and the embedded site's own keys
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from django.conf import settings

from core.operation.sealed_files import DamagedBackupError, seal, unseal

FORMAT = 1
# Originals are erased once they are de-identified: a backup would keep them.
STORES_KEPT = ("exams", "deliveries", "submissions", "sealed")
MANIFEST = "manifest"


@dataclass(frozen=True)
class TableCopy:
    """One table: its columns in the order of the copy, and the bytes of the copy."""

    table: str
    columns: list[str]
    size: int


@dataclass(frozen=True)
class StoredCopy:
    """An object of a store."""

    store: str
    key: str
    size: int

    @property
    def name(self) -> str:
        return f"{self.store}/{self.key}"


@dataclass(frozen=True)
class FileCopy:
    """A file: the folder's part of the data (staging, data, keys), its name there, its bytes."""

    place: str
    file: str
    size: int

    @property
    def name(self) -> str:
        return f"{self.place}/{self.file}"


@dataclass(frozen=True)
class BackupManifest:
    """Everything in a backup."""

    version: int
    vendor: str
    made_at: str
    migrations: list[tuple[str, str]]
    tables: list[TableCopy]
    objects: list[StoredCopy] = field(default_factory=list)
    files: list[FileCopy] = field(default_factory=list)

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> BackupManifest:
        values = json.loads(content)
        if values["version"] != FORMAT:
            raise DamagedBackupError(f"the backup has format {values['version']}, this release reads {FORMAT}")
        return cls(
            version=values["version"],
            vendor=values["vendor"],
            made_at=values["made_at"],
            migrations=[(app, name) for app, name in values["migrations"]],
            tables=[TableCopy(**table) for table in values["tables"]],
            objects=[StoredCopy(**copy) for copy in values["objects"]],
            files=[FileCopy(**copy) for copy in values["files"]],
        )


@dataclass(frozen=True)
class BackupFolder:
    """Where the sealed files of a backup lie, and the key that opens them."""

    root: Path
    key: bytes

    def path(self, kind: str, name: str) -> Path:
        """Of an object or file; the name on the disk tells nothing of owner and content."""
        digest = hmac.new(self.key, f"{kind}\0{name}".encode(), hashlib.sha256).hexdigest()
        return self.root / kind / digest[:2] / f"{digest}.sealed"

    def table_path(self, table: str) -> Path:
        return self.root / "database" / f"{table}.sealed"

    def write_manifest(self, manifest: BackupManifest) -> None:
        seal(self.root / f"{MANIFEST}.sealed", MANIFEST, self.key, [manifest.to_bytes()])

    def read_manifest(self) -> BackupManifest:
        """Raises DamagedBackupError."""
        return BackupManifest.from_bytes(b"".join(unseal(self.root / f"{MANIFEST}.sealed", MANIFEST, self.key)))


def place_of_files() -> dict[str, Path]:
    """The folders whose files a backup may have, by the name that it gives them."""
    return {"staging": Path(settings.STAGING_DIR), "data": Path(settings.DATA), "keys": Path(settings.KEYS_DIR)}


def read_pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(1 << 20):
        yield piece

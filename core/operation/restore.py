"""Restores a backup into an empty site. Everything that is in the way is told at once, and every file is verified first."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection

from core.operation.backup import OWN_KEYS, PART
from core.operation.backup_files import STORES_KEPT, BackupFolder, BackupManifest, FileCopy, StoredCopy, place_of_files
from core.operation.database_copy import put_back, why_not_empty, why_not_these
from core.operation.sealed_files import DamagedBackupError, unseal
from core.storage import put_file, store
from core.temporary import lease_folder


class RestoreRefusedError(Exception):
    """All reasons why nothing was restored."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reasons))


def restore(folder: BackupFolder, keys: BackupFolder | None) -> BackupManifest:
    """The backup becomes this site. Raises RestoreRefusedError before anything is changed."""
    reasons, manifest, pseudonyms = why_not_here(), None, None
    try:
        manifest = folder.read_manifest()
        pseudonyms = keys.read_manifest() if keys else None
    except DamagedBackupError as error:
        reasons.append(f"{error}")
    if manifest is not None:
        reasons += _why_not_these(manifest)
        reasons += damages(folder, manifest)
    if keys is not None and pseudonyms is not None:
        reasons += damages(keys, pseudonyms)
    if reasons or manifest is None:
        raise RestoreRefusedError(reasons)
    for copy in manifest.objects:
        _restore_object(folder, copy)
    for file in manifest.files:
        _restore_file(folder, file)
    if keys is not None and pseudonyms is not None:
        for file in pseudonyms.files:
            _restore_file(keys, file)
    # The database last: a restore that is broken off leaves a site without rows, which can be emptied and begun again.
    put_back(
        manifest.migrations,
        manifest.tables,
        lambda table: unseal(folder.table_path(table.table), table.table, folder.key),
    )
    return manifest


def why_not_here() -> list[str]:
    """What this site has already."""
    reasons = []
    try:
        reasons += why_not_empty()
    except DatabaseError as error:
        reasons.append(f"the database does not answer ({type(error).__name__})")
    for name in STORES_KEPT:
        try:
            folders, files = store(name).listdir("")
        except FileNotFoundError:
            continue
        except Exception as error:  # whatever the store's client raises
            reasons.append(f"the store '{name}' does not answer ({type(error).__name__})")
            continue
        if folders or files:
            reasons.append(f"the store '{name}' has objects")
    if any(Path(settings.STAGING_DIR).glob(f"*{PART}")):
        reasons.append("the staging folder has uploads")
    if any(Path(settings.KEYS_DIR).glob("*")):
        reasons.append("the folder of pseudonym keys has keys")
    return reasons


def _why_not_these(manifest: BackupManifest) -> list[str]:
    if manifest.vendor != connection.vendor:
        return [f"the backup is of a {manifest.vendor} database, this site has {connection.vendor}"]
    try:
        return why_not_these(manifest.migrations)
    except DatabaseError:
        return []  # said already


def damages(folder: BackupFolder, manifest: BackupManifest) -> list[str]:
    """Every file that is missing, changed, or not the one that its name says."""
    reasons = []
    for path, name, size, sha256 in _contents(folder, manifest):
        hasher, read = hashlib.sha256(), 0
        try:
            for piece in unseal(path, name, folder.key):
                hasher.update(piece)
                read += len(piece)
        except DamagedBackupError as error:
            reasons.append(f"{name.split('/')[0]}: {error}")
            continue
        if read != size or sha256 not in ("", hasher.hexdigest()):
            reasons.append(f"{path.name} does not contain what the manifest says")
    return reasons


def _contents(folder: BackupFolder, manifest: BackupManifest) -> Iterator[tuple[Path, str, int, str]]:
    for table in manifest.tables:
        yield folder.table_path(table.table), table.table, table.size, ""
    for copy in manifest.objects:
        yield folder.path("objects", copy.name), copy.name, copy.size, copy.key.rsplit("/", 1)[-1]
    for file in manifest.files:
        yield folder.path("files", file.name), file.name, file.size, ""


def _restore_object(folder: BackupFolder, copy: StoredCopy) -> None:
    owner, _slash, sha256 = copy.key.rpartition("/")
    with lease_folder("restore") as place:
        path = place / sha256
        with path.open("wb") as file:
            for piece in unseal(folder.path("objects", copy.name), copy.name, folder.key):
                file.write(piece)
        blob = put_file(copy.store, owner, path, move=True)
    if blob.key != copy.key:  # verified before: the disk changed it since
        raise DamagedBackupError(f"an object of the store '{copy.store}' was restored with another content")


def _restore_file(folder: BackupFolder, copy: FileCopy) -> None:
    path = place_of_files()[copy.place] / copy.file
    if copy.place == "data" and copy.file not in OWN_KEYS:
        raise DamagedBackupError(f"the backup has a file {copy.file} that no site has")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.draft")
    with draft.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        for piece in unseal(folder.path("files", copy.name), copy.name, folder.key):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)

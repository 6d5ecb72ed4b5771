"""Writes a backup while work goes on: the database first, in one snapshot, then every object; what is there already is kept.

Objects are named by the hash of their content and never changed: one that is copied after the snapshot is the one that the
snapshot names. What was erased since the last backup is removed from the folder, so that a withdrawn exam leaves the backup too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings
from django.core.files.storage import Storage
from django.db import connection

from core.clock import database_now
from core.operation.backup_files import (
    FORMAT,
    MANIFEST,
    STORES_KEPT,
    BackupFolder,
    BackupManifest,
    FileCopy,
    StoredCopy,
    TableCopy,
    place_of_files,
    read_pieces,
)
from core.operation.database_copy import DatabaseSnapshot, applied_migrations, snapshot
from core.operation.sealed_files import seal, sealed_size
from core.storage import open_blob, store

OWN_KEYS = (
    "secret-key",
    "audit-key",
    "audit-heads.txt",
)  # of the embedded site; in production the environment has them
PART = ".part"


@dataclass
class BackupReport:
    """Counts for the administrator. `damaged` objects do not have the hash that is their name; `gone` were erased meanwhile."""

    tables: int = 0
    copied: int = 0
    unchanged: int = 0
    removed: int = 0
    gone: int = 0
    damaged: tuple[str, ...] = ()


def back_up(folder: BackupFolder) -> BackupReport:
    """Makes or renews the backup in a folder."""
    report, made_at = BackupReport(), database_now().isoformat()
    with snapshot() as taken:
        # Staging files are copied before the dump, which may take minutes: what the snapshot calls stored is still there.
        files = [*_copy_files(folder, "staging", _parts()), *_copy_files(folder, "data", list(OWN_KEYS))]
        tables = _copy_tables(folder, taken)
        migrations = applied_migrations()
    report.tables = len(tables)
    objects = list(_copy_objects(folder, report))
    folder.write_manifest(BackupManifest(FORMAT, connection.vendor, made_at, migrations, tables, objects, files))
    report.removed = _remove_others(folder, tables, objects, files)
    return report


def back_up_keys(folder: BackupFolder) -> int:
    """The pseudonym keys, into a folder of their own under a key of their own; how many."""
    names = sorted(path.name for path in Path(settings.KEYS_DIR).glob("*") if path.is_file())
    files = list(_copy_files(folder, "keys", names))
    folder.write_manifest(BackupManifest(FORMAT, connection.vendor, database_now().isoformat(), [], [], [], files))
    _remove_others(folder, [], [], files)
    return len(files)


def _parts() -> list[str]:
    return sorted(path.name for path in Path(settings.STAGING_DIR).glob(f"*{PART}"))


def _copy_files(folder: BackupFolder, place: str, names: list[str]) -> Iterator[FileCopy]:
    for name in names:
        copy = FileCopy(place, name, 0)
        try:
            with (place_of_files()[place] / name).open("rb") as file:
                size = seal(folder.path("files", copy.name), copy.name, folder.key, read_pieces(file))
        except FileNotFoundError:
            continue
        yield replace(copy, size=size)


def _copy_tables(folder: BackupFolder, taken: DatabaseSnapshot) -> list[TableCopy]:
    return [
        replace(table, size=seal(folder.table_path(table.table), table.table, folder.key, read()))
        for table, read in taken.copies
    ]


def _copy_objects(folder: BackupFolder, report: BackupReport) -> Iterator[StoredCopy]:
    for name in STORES_KEPT:
        for key in sorted(_keys(store(name))):
            try:
                copy = StoredCopy(name, key, store(name).size(key))
                path = folder.path("objects", copy.name)
                if path.exists() and path.stat().st_size == sealed_size(copy.size):
                    report.unchanged += 1
                else:
                    _copy_object(folder, copy, report)
            except FileNotFoundError:
                report.gone += 1
                continue
            yield copy


def _copy_object(folder: BackupFolder, copy: StoredCopy, report: BackupReport) -> None:
    hasher = hashlib.sha256()

    def pieces() -> Iterator[bytes]:
        with open_blob(copy.store, copy.key) as file:
            for piece in read_pieces(file):
                hasher.update(piece)
                yield piece

    seal(folder.path("objects", copy.name), copy.name, folder.key, pieces())
    report.copied += 1
    if hasher.hexdigest() != copy.key.rsplit("/", 1)[-1]:
        report.damaged = (*report.damaged, copy.name)


def _keys(target: Storage, below: str = "") -> Iterator[str]:
    try:
        folders, files = target.listdir(below)
    except FileNotFoundError:
        return
    yield from (f"{below}{file}" for file in files if below)
    for name in folders:
        yield from _keys(target, f"{below}{name}/")


def _remove_others(
    folder: BackupFolder, tables: list[TableCopy], objects: list[StoredCopy], files: list[FileCopy]
) -> int:
    """Removes what the new manifest does not name: erased objects, old tables, drafts of a backup that was broken off."""
    expected = {folder.root / f"{MANIFEST}.sealed", *(folder.table_path(table.table) for table in tables)}
    expected |= {folder.path("objects", copy.name) for copy in objects}
    expected |= {folder.path("files", copy.name) for copy in files}
    others = [path for path in folder.root.rglob("*") if path.is_file() and path not in expected]
    others = [path for path in others if path.suffix in (".sealed", ".draft")]
    for path in others:
        path.unlink()
    return len(others)

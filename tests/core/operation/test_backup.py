"""Backup and restore: the same boards and hashes in an empty site, on both databases; refusals name all reasons."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from challenges.models import Phase
from core.audit import broken_links, chain_records
from core.models import AuditRecord, User
from core.operation.backup import back_up, back_up_keys
from core.operation.backup_files import BackupFolder
from core.operation.database_copy import snapshot
from core.operation.restore import RestoreRefusedError, restore
from core.operation.sealed_files import DamagedBackupError, seal, sealed_size, unseal
from core.storage import hash_file, put_bytes, store
from leaderboard.models import Ranking
from leaderboard.publish import publish_ranking
from scoring.models import Evaluation, Submission
from tests.databases import _admin, _named, swapped_default
from tests.factories.contests import contest
from tests.factories.exams import work_all
from tests.factories.people import team_in
from tests.factories.submissions import sent

KEY, OTHER = os.urandom(32), os.urandom(32)


def moved(settings: Any, folder: Path) -> None:
    """The site's files lie below another folder from now on."""
    settings.DATA, settings.FILES_DIR, settings.KEYS_DIR = folder, folder / "files", folder / "keys"
    settings.STAGING_DIR, settings.TEMPORARY_DIR = folder / "staging", folder / "temporary"
    named = {name: {**entry} for name, entry in settings.STORAGES.items()}
    for name in settings.STORES:
        named[name]["OPTIONS"] = {"location": folder / "files" / name}
    settings.STORAGES = named
    folder.mkdir(exist_ok=True)


def played() -> None:
    """A contest with two ranked teams, a third that was rejected, and an upload that is on its way."""
    small = contest({"leaderboard": {"public_share": 0}})
    for number, name in enumerate(("Blue", "Red")):
        sent(small.question, team_in(small.question, name), small.entry(wear=number, off=number * 2.0))
    sent(small.question, team_in(small.question, "Grey"), b"id\nnothing")
    work_all()
    phase = Phase.objects.get(pk=Ranking.objects.latest("pk").phase_id)
    Phase.objects.filter(pk=phase.pk).update(closes=timezone.now())  # results of an open phase stay hidden
    publish_ranking(ranking=Ranking.objects.latest("pk"), actor=small.question.challenge.created_by)
    while chain_records():
        pass


def picture() -> dict[str, Any]:
    """What has to be the same after a restore: rows, boards, scores, and the content of every object."""
    objects = {}
    for name in ("exams", "deliveries", "submissions", "sealed"):
        root = Path(store(name).path(""))
        objects.update({f"{name}/{p.relative_to(root)}": hash_file(p)[0] for p in root.rglob("*") if p.is_file()})
    return {
        "objects": objects,
        "submissions": sorted(Submission.objects.values_list("pk", "state", "sha256", "blob_key")),
        "scores": sorted(Evaluation.objects.values_list("pk", "submission_id"), key=str),
        "boards": [list(ranking.placings.order_by("pk").values()) for ranking in Ranking.objects.order_by("pk")],
        "people": sorted(User.objects.values_list("email", "password")),
        "audit": list(AuditRecord.objects.order_by("pk").values_list("sequence", "chain")),
    }


@contextmanager
def empty_database(vendor: str, folder: Path) -> Iterator[str]:
    """Without a single table."""
    if vendor == "sqlite":
        yield f"sqlite:///{folder / 'restored.sqlite3'}"
        return
    name = f"concours_restore_{uuid.uuid4().hex}"
    _admin(f'CREATE DATABASE "{name}"')
    try:
        yield _named(name)
    finally:
        _admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.mark.slow
def test_an_empty_site_becomes_the_one_that_was_backed_up(any_database: str, settings: Any, tmp_path: Path) -> None:
    moved(settings, tmp_path / "site")
    played()
    (settings.STAGING_DIR / "0123456789abcdef0123456789abcdef.part").write_bytes(b"half an upload")
    settings.KEYS_DIR.mkdir(exist_ok=True)
    (settings.KEYS_DIR / "7.key").write_bytes(b"a key of pseudonyms")
    before, site, keys = picture(), BackupFolder(tmp_path / "backup", KEY), BackupFolder(tmp_path / "apart", OTHER)
    assert len(before["boards"][0]) >= 2 and len(before["objects"]) >= 3
    report = back_up(site)
    assert (report.copied, report.unchanged, report.damaged) == (len(before["objects"]), 0, ())
    assert back_up_keys(keys) == len(list(settings.KEYS_DIR.iterdir())) >= 1
    _no_text_is_readable(tmp_path / "backup", [b"a key of pseudonyms", b"half an upload", b"@example", b"Blue"])
    assert (back_up(site).copied, picture()) == (0, before)
    vendor = connection.vendor
    moved(settings, tmp_path / "elsewhere")
    connection.close()
    if vendor == "postgresql":
        connection.close_pool()  # Django has one pool per alias: it would keep to the database that was backed up
    with empty_database(vendor, tmp_path) as url, swapped_default(url):
        restore(site, keys)
        assert picture() == before
        assert list(broken_links()) == []
        assert (settings.STAGING_DIR / "0123456789abcdef0123456789abcdef.part").read_bytes() == b"half an upload"
        assert (settings.KEYS_DIR / "7.key").read_bytes() == b"a key of pseudonyms"
        User.objects.create_user("later@example.org", "a long password here")  # the sequences go on behind the rows
        call_command("makemigrations", "--check", "--dry-run", verbosity=0)
        with pytest.raises(RestoreRefusedError) as refused:
            restore(site, keys)
        answer = " ".join(refused.value.reasons)
        for part in ("core_user", "'submissions'", "'sealed'", "staging", "pseudonym keys"):
            assert part in answer


def _no_text_is_readable(folder: Path, words: list[bytes]) -> None:
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert [word for word in words if word in content] == []


@pytest.mark.postgres
def test_the_snapshot_is_of_one_moment_while_others_write(postgres_database: str) -> None:
    with snapshot() as taken, psycopg.connect(postgres_database, autocommit=True) as other:
        User.objects.create_user("new@example.org", "a long password here")
        assert other.execute("SELECT count(*) FROM core_user").fetchone() == (1,)
        rows = {table.table: b"".join(read()) for table, read in taken.copies}
    assert rows["core_user"] == b""


@pytest.mark.django_db(transaction=True)
def test_a_damaged_backup_restores_nothing_and_names_every_file(settings: Any, tmp_path: Path) -> None:
    moved(settings, tmp_path / "site")
    blobs = [put_bytes("exams", "exam-1", os.urandom(2000 + n)) for n in range(3)]
    folder = BackupFolder(tmp_path / "backup", KEY)
    back_up(folder)
    first, second, _third = (folder.path("objects", f"exams/{blob.key}") for blob in blobs)
    first.write_bytes(first.read_bytes()[:-1] + b"!")
    second.unlink()
    moved(settings, tmp_path / "elsewhere")
    with pytest.raises(RestoreRefusedError) as refused:
        restore(folder, None)
    assert sum("is damaged" in reason for reason in refused.value.reasons) == 1
    assert sum("is missing" in reason for reason in refused.value.reasons) == 1
    assert not (tmp_path / "elsewhere" / "files").exists()
    with pytest.raises(RestoreRefusedError, match="another key"):
        restore(BackupFolder(tmp_path / "backup", OTHER), None)


@pytest.mark.django_db(transaction=True)
def test_the_same_folder_again_takes_what_is_new_and_drops_what_was_erased(settings: Any, tmp_path: Path) -> None:
    moved(settings, tmp_path / "site")
    folder = BackupFolder(tmp_path / "backup", KEY)
    old, remaining = put_bytes("exams", "exam-1", b"withdrawn"), put_bytes("exams", "exam-2", b"kept")
    back_up(folder)
    store("exams").delete(old.key)
    put_bytes("deliveries", "batch-1", b"new")
    folder.path("objects", "exams/broken").parent.mkdir(parents=True, exist_ok=True)
    folder.path("objects", "exams/broken").with_suffix(".sealed.draft").write_bytes(b"broken off")
    report = back_up(folder)
    assert (report.copied, report.unchanged) == (1, 1)
    assert not folder.path("objects", f"exams/{old.key}").exists()
    assert folder.path("objects", f"exams/{remaining.key}").exists()
    assert list(folder.root.rglob("*.draft")) == []


@pytest.mark.django_db(transaction=True)
def test_an_object_with_another_content_than_its_name_says_is_told(settings: Any, tmp_path: Path) -> None:
    moved(settings, tmp_path / "site")
    blob = put_bytes("sealed", "truth-1", b"truth")
    Path(store("sealed").path(blob.key)).chmod(0o600)
    Path(store("sealed").path(blob.key)).write_bytes(b"other")
    assert back_up(BackupFolder(tmp_path / "backup", KEY)).damaged == (f"sealed/{blob.key}",)


@pytest.mark.django_db
def test_the_commands_ask_for_keys_and_folders_that_are_apart(settings: Any, tmp_path: Path) -> None:
    err = StringIO()
    settings.BACKUP_KEY, settings.BACKUP_PSEUDONYM_KEY = KEY, KEY
    with pytest.raises(SystemExit):
        call_command("backup", str(tmp_path / "one"), "--keys", str(tmp_path / "one" / "keys"), stderr=err)
    assert "equals CONCOURS_BACKUP_KEY" in err.getvalue() and "must not lie in each other" in err.getvalue()
    settings.BACKUP_KEY, err = b"", StringIO()
    with pytest.raises(SystemExit):
        call_command("restore", str(tmp_path / "none"), stderr=err)
    assert "CONCOURS_BACKUP_KEY is not set" in err.getvalue()
    settings.BACKUP_KEY, err = KEY, StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("restore", str(tmp_path / "none"), stderr=err)
    assert ended.value.code == 1 and "manifest.sealed is missing" in err.getvalue()


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5 << 20])
def test_a_sealed_file_is_what_was_sealed(tmp_path: Path, size: int) -> None:
    text, path = os.urandom(size), tmp_path / "file.sealed"
    assert seal(path, "name", KEY, [text[: size // 3], text[size // 3 :]]) == size
    assert path.stat().st_size == sealed_size(size)
    assert b"".join(unseal(path, "name", KEY)) == text
    for key, name in ((OTHER, "name"), (KEY, "other name")):
        with pytest.raises(DamagedBackupError):
            list(unseal(path, name, key))


def test_a_sealed_file_that_was_cut_or_put_together_otherwise_is_damaged(tmp_path: Path) -> None:
    path, piece = tmp_path / "file.sealed", (1 << 20) + 16
    seal(path, "name", KEY, [os.urandom(3 << 20)])
    whole = path.read_bytes()
    head, pieces = whole[:24], [whole[24 + n * piece : 24 + (n + 1) * piece] for n in range(3)]
    for wrong in ([0, 1], [1, 0, 2], [0, 0, 2], [2], []):
        path.write_bytes(head + b"".join(pieces[number] for number in wrong))
        with pytest.raises(DamagedBackupError):
            list(unseal(path, "name", KEY))
    shutil.rmtree(tmp_path)

"""The stores: content-addressed, owned, durable; on the local disk and on an S3-compatible server, the same."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.files.storage import storages
from moto.server import ThreadedMotoServer

from core.storage import erase, local_copy, open_blob, put_bytes, put_file, read_blob, store
from tests.processes import free_port

WORDS = b"a mask of true geometry" * 1000


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    """moto: Amazon's protocol in this process."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    port = free_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture(params=["disk", "s3"])
def stores(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> str:
    """Both kinds of store under the five names."""
    if request.param == "disk":
        entry = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
        created = {name: {**entry, "OPTIONS": {"location": tmp_path / name}} for name in settings.STORES}
    else:
        url = request.getfixturevalue("s3_server")
        options = {"endpoint_url": url, "access_key": "key", "secret_key": "secret", "file_overwrite": True}
        client = boto3.client(
            "s3", endpoint_url=url, aws_access_key_id="key", aws_secret_access_key="secret", region_name="us-east-1"
        )
        created = {}
        for name in settings.STORES:
            client.create_bucket(Bucket=f"concours-{name}")
            created[name] = {
                "BACKEND": "storages.backends.s3.S3Storage",
                "OPTIONS": {
                    **options,
                    "bucket_name": f"concours-{name}",
                    "region_name": "us-east-1",
                    "default_acl": None,
                },
            }
    settings.STORAGES = {**settings.STORAGES, **created}
    return str(request.param)


def test_what_is_put_is_read_under_its_owner_and_hash(stores: str, tmp_path: Path) -> None:
    blob = put_bytes("exams", "exam-1", WORDS)
    assert blob.key == f"exam-1/{hashlib.sha256(WORDS).hexdigest()}"
    assert (blob.size, read_blob("exams", blob.key)) == (len(WORDS), WORDS)
    with open_blob("exams", blob.key) as file, local_copy("exams", blob.key) as path:
        assert file.read(6) == b"a mask"
        assert path.read_bytes() == WORDS


def test_putting_twice_is_putting_once(stores: str, tmp_path: Path) -> None:
    (tmp_path / "mask").write_bytes(WORDS)
    first = put_file("exams", "exam-1", tmp_path / "mask")
    second = put_file("exams", "exam-1", tmp_path / "mask", move=True)
    assert first == second == put_bytes("exams", "exam-1", WORDS)
    assert not (tmp_path / "mask").exists()
    _folders, files = storages["exams"].listdir("exam-1")
    assert files == [first.sha256]


def test_half_an_object_is_replaced_by_the_whole_one(stores: str, tmp_path: Path) -> None:
    blob = put_bytes("exams", "exam-1", WORDS)
    target = store("exams")
    target.delete(blob.key)
    with target.open(blob.key, "wb") as half:
        half.write(WORDS[:10])
    assert read_blob("exams", put_bytes("exams", "exam-1", WORDS).key) == WORDS


def test_stores_and_owners_are_apart(stores: str, tmp_path: Path) -> None:
    entry, two = put_bytes("exams", "exam-1", WORDS), put_bytes("exams", "exam-2", WORDS)
    assert not store("sealed").exists(entry.key)
    erase("exams", entry.key)
    assert not store("exams").exists(entry.key)
    assert read_blob("exams", two.key) == WORDS


def test_erasing_twice_or_nothing_is_fine(stores: str) -> None:
    blob = put_bytes("exams", "exam-1", WORDS)
    erase("exams", blob.key)
    erase("exams", blob.key)
    erase("exams", "")


def test_a_store_that_does_not_exist_is_named() -> None:
    with pytest.raises(KeyError, match="no store is called 'public'"):
        store("public")

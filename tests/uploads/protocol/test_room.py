"""Room is reserved when an upload begins: nobody fills the disk, and no request writes more than it announced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.processes import server
from tests.uploads.protocol.conftest import BODY, TUS, Site, create, metadata, patch

PART = {"Upload-Concat": "partial"}


@pytest.fixture
def strict(prepared: Site, tmp_path: Any) -> Iterator[Site]:
    """The same data served with small limits."""
    env = {**prepared.env, "CONCOURS_UPLOADS_IN_FLIGHT": "3", "CONCOURS_UPLOADS_IN_FLIGHT_BYTES": "3000"}
    prepared.rows("UPDATE uploads_upload SET state = 'expired' WHERE state IN ('receiving', 'stored')")
    with server(env, tmp_path / "log") as (address, _process):
        yield Site(address, prepared.data, prepared.tokens, env)


def begin(client: httpx.Client, length: int, **headers: str) -> httpx.Response:
    return client.post(
        "/api/v1/uploads/", headers={**TUS, "Upload-Length": str(length), "Upload-Metadata": metadata(), **headers}
    )


@pytest.mark.parametrize("how", ["declared", "chunked", "empty"])
def test_bytes_after_the_end_are_refused_and_an_empty_patch_is_well(clara: httpx.Client, how: str) -> None:
    location = create(clara, 4)
    assert patch(clara, location, 0, b"abcd").status_code == 204
    body: Any = {"declared": b"more", "chunked": iter([b"mo", b"re"]), "empty": b""}[how]
    assert patch(clara, location, 4, body).status_code == (204 if how == "empty" else 413)


def test_a_part_needs_no_metadata(clara: httpx.Client) -> None:
    """tus-js-client sends none with `parallelUploads` and its defaults."""
    bare = clara.post("/api/v1/uploads/", headers={**TUS, "Upload-Length": "3", **PART})
    assert bare.status_code == 201
    assert patch(clara, bare.headers["Location"], 0, b"abc").status_code == 204
    final = {**TUS, "Upload-Concat": f"final;{bare.headers['Location']}", "Upload-Metadata": metadata()}
    assert clara.post("/api/v1/uploads/", headers=final).status_code == 201


def test_a_whole_upload_without_metadata_is_refused(clara: httpx.Client) -> None:
    assert clara.post("/api/v1/uploads/", headers={**TUS, "Upload-Length": "3"}).status_code == 400


def finished_part(client: httpx.Client, content: bytes) -> str:
    location = create(client, len(content), **PART)
    assert patch(client, location, 0, content).status_code == 204
    return location


def put_together(client: httpx.Client, *parts: str) -> httpx.Response:
    final = {**TUS, "Upload-Concat": "final;" + " ".join(parts), "Upload-Metadata": metadata()}
    return client.post("/api/v1/uploads/", headers=final)


def test_a_part_is_used_once(clara: httpx.Client) -> None:
    first, second = finished_part(clara, b"abc"), finished_part(clara, b"def")
    assert put_together(clara, *[first] * 200).status_code == 400
    assert put_together(clara, first, second).status_code == 201
    assert put_together(clara, second, first).status_code == 400
    assert put_together(clara, finished_part(clara, b"x"), first).status_code == 400


def test_a_concatenation_asked_for_again_is_the_same_upload(clara: httpx.Client) -> None:
    part = finished_part(clara, b"abc")
    first, again = put_together(clara, part), put_together(clara, part)
    assert (again.status_code, again.headers["Location"]) == (201, first.headers["Location"])


def test_a_person_has_a_bounded_number_of_unfinished_uploads(strict: Site) -> None:
    with strict.client() as clara:
        begun = [create(clara, 10) for _ in range(3)]
        refused = begin(clara, 10)
        assert (refused.status_code, refused.json()["reason"]) == (429, "quota")
        assert "3 uploads are unfinished" in refused.json()["detail"]
        assert clara.delete(begun[0], headers=TUS).status_code == 204
        assert begin(clara, 10).status_code == 201


def test_unfinished_uploads_have_a_bounded_size_in_all(strict: Site) -> None:
    with strict.client() as clara:
        create(clara, 2000)
        assert begin(clara, 1001).status_code == 429
        assert begin(clara, 1000).status_code == 201


def test_creation_with_upload_takes_no_byte_beyond_the_length(site: Site, clara: httpx.Client) -> None:
    headers = {**BODY, "Upload-Length": "4", "Upload-Metadata": metadata()}
    assert clara.post("/api/v1/uploads/", headers=headers, content=b"abcdef").status_code == 413

"""The raw routes refuse in the one shape of the API."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from tests.uploads.protocol.conftest import TUS, Site, create, patch

SHAPE = {"reason", "detail", "errors"}


def refusal_text(answer: httpx.Response, status: int) -> str:
    body = answer.json()
    assert (answer.status_code, set(body), body["errors"]) == (status, SHAPE, [])
    assert body["detail"]
    return str(body["reason"])


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_an_upload_that_is_not_there(clara: httpx.Client, method: str) -> None:
    headers = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert refusal_text(clara.request(method, f"/api/v1/uploads/{uuid4()}", headers=headers), 404) == "not_found"


def test_bytes_that_do_not_fit(clara: httpx.Client) -> None:
    location = create(clara, 10)
    assert refusal_text(patch(clara, location, 3, b"x"), 409) == "conflict"
    assert refusal_text(patch(clara, location, 0, b"x" * 11), 413) == "too_large"
    assert refusal_text(clara.patch(location, content=b"x"), 412) == "tus_version"
    assert clara.head(f"/api/v1/uploads/{uuid4()}", headers=TUS).content == b""


def test_a_batch_that_is_not_there_and_nobody_who_asks(site: Site, clara: httpx.Client) -> None:
    address = f"/batches/{uuid4()}/download"
    assert refusal_text(clara.get(address), 404) == "not_found"
    with site.client("") as nobody:
        assert refusal_text(nobody.get(address), 401) == "not_authenticated"

"""tus 1.0 against a real server: creation, carrying on, asking, checksum, termination, expiration, concatenation."""

from __future__ import annotations

import base64
import hashlib
import random

import httpx
import pytest

from tests.uploads.protocol.conftest import BODY, TUS, Site, create, metadata, offset, patch

CONTENT = random.Random(7).randbytes(3_000_000)


def stored(site: Site, location: str) -> bytes:
    return (site.data / "staging" / f"{location.rsplit('/', 1)[-1].replace('-', '')}.part").read_bytes()


def test_the_server_says_what_it_can_to_anybody(site: Site) -> None:
    with site.client("") as nobody:
        answer = nobody.options("/api/v1/uploads/")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "termination",
        "expiration",
        "checksum",
        "concatenation",
    }
    assert "sha256" in answer.headers["Tus-Checksum-Algorithm"].split(",")
    assert answer.headers["Tus-Max-Size"] == "50000000"


def test_an_upload_in_pieces_is_byte_exact(site: Site, clara: httpx.Client) -> None:
    location = create(clara, len(CONTENT))
    assert offset(clara, location) == 0
    position = 0
    for size in (1, 1_500_000, 0, len(CONTENT)):
        answer = patch(clara, location, position, CONTENT[position : position + size])
        assert answer.status_code == 204
        position = int(answer.headers["Upload-Offset"])
        assert offset(clara, location) == position
    assert position == len(CONTENT)
    assert site.state(location) == "stored"
    assert stored(site, location) == CONTENT


def test_asking_tells_length_metadata_and_end(clara: httpx.Client) -> None:
    location = create(clara, 9)
    answer = clara.head(location, headers=TUS)
    assert answer.headers["Upload-Length"] == "9"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Upload-Expires"].endswith("GMT")
    assert "question " in answer.headers["Upload-Metadata"]
    # The file's name may name a patient: it is kept apart, to be erased, and not told again.
    assert "filename" not in answer.headers["Upload-Metadata"]


def test_creation_with_upload_keeps_the_first_bytes(site: Site, clara: httpx.Client) -> None:
    headers = {**BODY, "Upload-Length": "10", "Upload-Metadata": metadata()}
    answer = clara.post("/api/v1/uploads/", headers=headers, content=b"01234")
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "5")
    location = answer.headers["Location"]
    assert patch(clara, location, 5, b"56789").headers["Upload-Offset"] == "10"
    assert stored(site, location) == b"0123456789"
    whole = clara.post("/api/v1/uploads/", headers=headers, content=b"0123456789")
    assert whole.headers["Upload-Offset"] == "10"
    assert site.state(whole.headers["Location"]) == "stored"


def test_an_upload_of_no_bytes_is_stored_at_once(site: Site, clara: httpx.Client) -> None:
    assert site.state(create(clara, 0)) == "stored"


def test_bytes_for_another_place_are_refused(clara: httpx.Client) -> None:
    location = create(clara, 10)
    patch(clara, location, 0, b"01234")
    for wrong in (0, 4, 6):
        assert patch(clara, location, wrong, b"x").status_code == 409
    assert offset(clara, location) == 5


def test_a_body_that_is_too_long_is_refused_and_leaves_what_is_right(site: Site, clara: httpx.Client) -> None:
    location = create(clara, 10)
    assert patch(clara, location, 0, b"x" * 11).status_code == 413
    assert patch(clara, location, 0, iter([b"01234", b"56789A"])).status_code == 413  # without Content-Length
    assert offset(clara, location) <= 10
    assert site.state(location) == "receiving"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Tus-Resumable": "0.2.2"}, 412),
        ({"Content-Type": "application/octet-stream"}, 415),
        ({"Upload-Offset": "-1"}, 400),
        ({"Upload-Offset": "1e1"}, 400),
        ({"Upload-Checksum": "crc32 AAAA"}, 400),
        ({"Upload-Checksum": "sha1 not*base64"}, 400),
    ],
    ids=str,
)
def test_a_header_that_is_wrong_is_said(clara: httpx.Client, headers: dict[str, str], status: int) -> None:
    location = create(clara, 10)
    answer = clara.patch(location, content=b"01234", headers={**BODY, "Upload-Offset": "0", **headers})
    assert answer.status_code == status
    assert offset(clara, location) == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Length": "-3"}, 400),
        ({"Upload-Length": ""}, 400),
        ({"Upload-Length": "50000001"}, 413),
        ({"Upload-Concat": "whole"}, 400),
        ({"Upload-Concat": "partial;"}, 400),
        ({"Tus-Resumable": ""}, 412),
        ({"Upload-Metadata": "question ***"}, 400),
        ({"Upload-Metadata": "a YQ==,a YQ=="}, 400),
        ({"Upload-Metadata": metadata(question="jfr/nonsense")}, 400),
        ({"Upload-Metadata": metadata(kind="virus")}, 400),
        ({"Upload-Metadata": metadata(kind="submission")}, 403),
        ({"Upload-Metadata": metadata(centre="elsewhere")}, 403),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_upload_that_may_not_begin_makes_nothing(
    site: Site, clara: httpx.Client, headers: dict[str, str], status: int
) -> None:
    before = site.rows("SELECT count(*) FROM uploads_upload"), len(list((site.data / "staging").glob("*")))
    answer = clara.post(
        "/api/v1/uploads/", headers={**TUS, "Upload-Length": "9", "Upload-Metadata": metadata(), **headers}
    )
    assert answer.status_code == status
    after = site.rows("SELECT count(*) FROM uploads_upload"), len(list((site.data / "staging").glob("*")))
    assert before == after


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_a_checksum_that_fits_is_accepted(site: Site, clara: httpx.Client, algorithm: str) -> None:
    location = create(clara, len(CONTENT))
    digest = base64.b64encode(hashlib.new(algorithm, CONTENT).digest()).decode()
    assert patch(clara, location, 0, CONTENT, **{"Upload-Checksum": f"{algorithm} {digest}"}).status_code == 204
    assert stored(site, location) == CONTENT


def test_a_checksum_that_does_not_fit_leaves_no_byte(site: Site, clara: httpx.Client) -> None:
    location = create(clara, 10)
    patch(clara, location, 0, b"01234")
    digest = base64.b64encode(hashlib.sha1(b"56789").digest()).decode()
    answer = patch(clara, location, 5, b"5678X", **{"Upload-Checksum": f"sha1 {digest}"})
    assert answer.status_code == 460
    assert stored(site, location) == b"01234"
    assert patch(clara, location, 5, b"56789", **{"Upload-Checksum": f"sha1 {digest}"}).status_code == 204
    assert [path.suffix for path in (site.data / "staging").iterdir() if path.suffix != ".part"] == []


def test_an_unfinished_upload_can_be_taken_back(site: Site, clara: httpx.Client) -> None:
    location = create(clara, 10)
    patch(clara, location, 0, b"01234")
    assert clara.delete(location, headers=TUS).status_code == 204
    assert clara.head(location, headers=TUS).status_code == 410
    assert patch(clara, location, 5, b"5").status_code == 410
    with pytest.raises(FileNotFoundError):
        stored(site, location)


def test_a_finished_upload_cannot_be_taken_back(site: Site, clara: httpx.Client) -> None:
    location = create(clara, 3)
    patch(clara, location, 0, b"012")
    assert clara.delete(location, headers=TUS).status_code == 409
    assert site.state(location) == "stored"
    assert offset(clara, location) == 3


def test_an_upload_that_nobody_finished_expires(site: Site, clara: httpx.Client) -> None:
    location = create(clara, 10)
    site.rows(
        "UPDATE uploads_upload SET expires_at = '2020-01-01 00:00:00' WHERE id = ?",
        location.rsplit("/", 1)[-1].replace("-", ""),
    )
    assert clara.head(location, headers=TUS).status_code == 410
    assert patch(clara, location, 0, b"0").status_code == 410


def test_parts_become_one_upload(site: Site, clara: httpx.Client) -> None:
    pieces = [CONTENT[:1_000_000], CONTENT[1_000_000:1_000_001], CONTENT[1_000_001:]]
    parts = [create(clara, len(piece), **{"Upload-Concat": "partial"}) for piece in pieces]
    for part, piece in zip(parts, pieces, strict=True):
        assert patch(clara, part, 0, piece).status_code == 204
    assert clara.head(parts[0], headers=TUS).headers["Upload-Concat"] == "partial"
    final = {**TUS, "Upload-Concat": f"final;{' '.join(parts)}", "Upload-Metadata": metadata()}
    answer = clara.post("/api/v1/uploads/", headers=final)
    assert answer.status_code == 201
    location = answer.headers["Location"]
    assert stored(site, location) == CONTENT
    assert site.state(location) == "stored"
    message = clara.head(location, headers=TUS).headers
    assert (message["Upload-Offset"], message["Upload-Length"]) == (str(len(CONTENT)), str(len(CONTENT)))
    assert message["Upload-Concat"].startswith("final;")
    assert patch(clara, location, len(CONTENT), b"").status_code == 403


def test_parts_that_are_unfinished_unknown_or_anothers_are_refused(site: Site, clara: httpx.Client) -> None:
    part = create(clara, 10, **{"Upload-Concat": "partial"})
    whole = create(clara, 0)
    for named in (part, whole, "/api/v1/uploads/00000000-0000-0000-0000-000000000000", "nonsense", ""):
        answer = clara.post(
            "/api/v1/uploads/",
            headers={**TUS, "Upload-Concat": f"final;{named}", "Upload-Metadata": metadata()},
        )
        assert answer.status_code == 400, named

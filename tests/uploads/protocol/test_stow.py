"""STOW-RS at the wire: who may push, each instance's own answer, and studies that gather until they are complete."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydicom import dcmread

from demo.phantoms import sarcopenia
from tests.uploads.protocol.conftest import Site
from uploads.multipart import MultipartError, MultipartReader, boundary_of

STUDIES = "/dicomweb/jfr/sarcopenia/studies"
LETTER = {"X-Information-Letter": "given"}
MULTIPART = 'multipart/related; type="application/dicom"; boundary=frontier'


def instance(seed: int) -> bytes:
    return next(content for name, content in sarcopenia.make(seed, "nord").files.items() if name.endswith(".dcm"))


def multipart(*contents: bytes) -> bytes:
    head = b"--frontier\r\nContent-Type: application/dicom\r\n\r\n"
    return b"".join(head + content + b"\r\n" for content in contents) + b"--frontier--"


def push(site: Site, *contents: bytes, person: str = "clara", address: str = STUDIES, **headers: str) -> httpx.Response:
    with site.client(person, **{"Content-Type": MULTIPART, **LETTER, **headers}) as client:
        return client.post(address, content=multipart(*contents))


def sequence(answer: httpx.Response, tag: str) -> list[dict[str, Any]]:
    return answer.json().get(tag, {}).get("Value", [])  # type: ignore[no-any-return]


def waiting(site: Site) -> list[dict[str, Any]]:
    rows = site.rows("SELECT metadata FROM uploads_upload WHERE state = 'stored' AND metadata LIKE '%stow%'")
    return [json.loads(row[0]) for row in rows]


@pytest.mark.parametrize(("person", "status"), [("", 401), ("sam", 403), ("olga", 403), ("clara", 200)])
def test_who_may_push(site: Site, person: str, status: int) -> None:
    assert push(site, instance(1), person=person).status_code == status


def test_nothing_is_kept_without_the_letter(site: Site) -> None:
    before = len(waiting(site))
    answer = push(site, instance(1), **{"X-Information-Letter": ""})
    assert answer.status_code == 403 and answer.json()["reason"] == "consent_missing" and len(waiting(site)) == before


def test_each_instance_has_its_own_answer(site: Site) -> None:
    """A good one, one cut off, one that is no DICOM, and a report, which is no part of an exam."""
    report = dcmread(io.BytesIO(instance(2)))
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.67"
    report.SOPInstanceUID, report.Modality = "1.2.3.4.5", "SR"
    del report.PixelData
    target = io.BytesIO()
    report.save_as(target)
    answer = push(site, instance(2), instance(2)[:200], b"hello", target.getvalue())
    assert answer.status_code == 202 and answer.headers["content-type"] == "application/dicom+json"
    stored, failed = sequence(answer, "00081199"), sequence(answer, "00081198")
    warned = {item["00081155"]["Value"][0]: item.get("00081196", {}).get("Value") for item in stored}
    assert warned == {str(dcmread(io.BytesIO(instance(2))).SOPInstanceUID): None, "1.2.3.4.5": [0xB006]}
    assert [item["00081197"]["Value"] for item in failed] == [[0xC000], [0xC000]]
    assert all(item["00000902"]["Value"][0] for item in failed)
    assert push(site, b"hello").status_code == 409


def test_a_single_part_in_chunks(site: Site) -> None:
    def pieces() -> Iterator[bytes]:
        content = instance(3)
        for start in range(0, len(content), 777):
            yield content[start : start + 777]

    with site.client("clara", **{"Content-Type": "application/dicom", **LETTER}) as client:
        answer = client.post(STUDIES, content=pieces())
        assert answer.status_code == 200 and len(sequence(answer, "00081199")) == 1
        assert client.post(STUDIES, content=b"{}", headers={"Content-Type": "application/json"}).status_code == 415
        cut = client.post(STUDIES, content=multipart(instance(3))[:-20], headers={"Content-Type": MULTIPART})
        assert cut.status_code == 400


def test_an_instance_of_another_study_is_refused(site: Site) -> None:
    answer = push(site, instance(4), address=f"{STUDIES}/1.2.3")
    assert answer.status_code == 409 and sequence(answer, "00081198")[0]["00081197"]["Value"] == [0xC409]


def test_requests_of_one_study_gather_until_it_is_complete(site: Site) -> None:
    other = dcmread(io.BytesIO(instance(5)))
    study = str(other.StudyInstanceUID)
    other.SOPInstanceUID = other.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4.6"
    target = io.BytesIO()
    other.save_as(target)
    before = len(waiting(site))
    assert push(site, instance(5)).status_code == push(site, target.getvalue()).status_code == 200
    gathered = waiting(site)[before:]
    assert len({row["group"] for row in gathered}) == 1 and len(gathered) == 2
    assert not any("group_size" in row or study in json.dumps(row) for row in gathered)
    with site.client("clara", **LETTER) as client:
        assert client.post(f"{STUDIES}/{study}/complete").status_code == 202
        assert client.post(f"{STUDIES}/{study}/complete").status_code == 404
    assert [row["group_size"] for row in waiting(site)[before:]] == ["2", "2"]
    assert push(site, instance(5)).status_code == 200
    assert len({row["group"] for row in waiting(site)[before:]}) == 2


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_body_is_taken_apart_whatever_its_pieces(size: int) -> None:
    contents = [b"", b"\r\n--frontie", b"a\r\n\r\nb--frontier", bytes(range(256)) * 3]
    body = b"preamble\r\n" + multipart(*contents)
    target = io.BytesIO()
    reader = MultipartReader(boundary_of(MULTIPART), target)
    for start in range(0, len(body), size):
        reader.feed(body[start : start + size])
    reader.close()
    written = target.getvalue()
    assert [written[part.offset : part.offset + part.size] for part in reader.parts] == contents


@pytest.mark.parametrize("body", [b"", b"--frontier\r\n\r\nabc", b"--frontierX\r\n\r\nabc\r\n--frontier--"])
def test_a_broken_body_is_an_error(body: bytes) -> None:
    reader = MultipartReader(b"frontier", io.BytesIO())
    with pytest.raises(MultipartError):
        reader.feed(body)
        reader.close()

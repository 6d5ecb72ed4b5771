"""Connections that break, requests that race, servers that die: what was acknowledged is there, and nothing is doubled."""

from __future__ import annotations

import random
import socket
import threading
import time
from urllib.parse import urlsplit

import httpx

from tests.processes import kill, server, wait_until
from tests.uploads.protocol.conftest import Site, create, offset, patch
from tests.uploads.protocol.test_protocol import stored

CONTENT = random.Random(8).randbytes(12_000_000)


def half_a_patch(site: Site, location: str, position: int, sent: bytes, declared: int) -> socket.socket:
    """A PATCH that declares more than it sends, on a connection that is still open."""
    parts = urlsplit(site.address)
    connection = socket.create_connection((parts.hostname or "", parts.port or 0))
    head = (
        f"PATCH {location} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {site.tokens['clara']}\r\n"
        "Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\n"
        f"Upload-Offset: {position}\r\nContent-Length: {declared}\r\n\r\n"
    )
    connection.sendall(head.encode() + sent)
    return connection


def test_a_broken_connection_keeps_what_came(site: Site, clara: httpx.Client) -> None:
    location = create(clara, len(CONTENT))
    half_a_patch(site, location, 0, CONTENT[:5_000_000], len(CONTENT)).close()
    wait_until(lambda: offset(clara, location) >= 4_000_000, 20, "the first half")
    time.sleep(0.2)
    position = offset(clara, location)
    assert 4_000_000 <= position <= 5_000_000
    assert patch(clara, location, position, CONTENT[position:]).status_code == 204
    assert stored(site, location) == CONTENT


def test_a_dead_connection_that_lingers_does_not_stop_the_next(site: Site, clara: httpx.Client) -> None:
    location = create(clara, len(CONTENT))
    with half_a_patch(site, location, 0, CONTENT[:3_000_000], len(CONTENT)) as lingering:
        wait_until(lambda: offset(clara, location) >= 2_000_000, 20, "some of it")
        position = offset(clara, location)
        assert patch(clara, location, position, CONTENT[position:]).status_code == 204
        # What the first connection still sends comes too late and changes nothing.
        lingering.settimeout(20)
        lingering.sendall(CONTENT[3_000_000:4_500_000])
        assert lingering.recv(200).decode().startswith("HTTP/1.1 409")
    assert stored(site, location) == CONTENT
    assert site.state(location) == "stored"


def test_an_upload_taken_back_while_it_is_sent_ends_in_words(site: Site, clara: httpx.Client) -> None:
    location = create(clara, len(CONTENT))
    sending = half_a_patch(site, location, 0, CONTENT[:3_000_000], len(CONTENT))
    wait_until(lambda: offset(clara, location) >= 2_000_000, 20, "some of it")
    assert clara.delete(location, headers={"Tus-Resumable": "1.0.0"}).status_code == 204
    with sending:
        sending.settimeout(20)
        sending.sendall(CONTENT[3_000_000:4_500_000])
        answer = sending.recv(200).decode()
    assert answer.startswith("HTTP/1.1 410"), answer


def test_two_who_send_the_same_bytes_at_once_store_them_once(site: Site, clara: httpx.Client) -> None:
    location = create(clara, len(CONTENT))
    statuses: list[int] = []

    def send() -> None:
        with site.client("clara") as client:
            statuses.append(patch(client, location, 0, CONTENT).status_code)

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {204, 409}
    position = offset(clara, location)
    assert patch(clara, location, position, CONTENT[position:]).status_code == 204
    assert stored(site, location) == CONTENT
    upload_id = location.rsplit("/", 1)[-1]
    rows = site.rows("SELECT count(*) FROM core_work WHERE stage = 'receive' AND subject_id = ?", upload_id)
    assert rows == [(1,)]


def test_a_server_that_dies_loses_nothing_it_acknowledged(prepared: Site) -> None:
    log = prepared.data / "log-of-the-dead"
    with server(prepared.env, log) as (address, process):
        first = Site(address, prepared.data, prepared.tokens)
        with first.client() as clara:
            location = create(clara, len(CONTENT))
            acknowledged = int(patch(clara, location, 0, CONTENT[:4_000_000]).headers["Upload-Offset"])
            with half_a_patch(first, location, 4_000_000, CONTENT[4_000_000:7_000_000], 8_000_000):
                wait_until(lambda: offset(clara, location) > 4_000_000, 20, "some of the second piece")
                kill(process)
    assert acknowledged == 4_000_000
    with server(prepared.env, log) as (address, _process):
        second = Site(address, prepared.data, prepared.tokens)
        with second.client() as clara:
            position = offset(clara, location)
            assert position >= acknowledged
            assert patch(clara, location, position, CONTENT[position:]).status_code == 204
            assert stored(second, location) == CONTENT
            assert second.state(location) == "stored"

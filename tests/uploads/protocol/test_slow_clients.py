"""Slow clients occupy sockets, never threads: pages answer while hundreds of bodies trickle in."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest

from tests.processes import server
from tests.uploads.protocol.conftest import Site, metadata
from uploads.intake import BODIES_PER_PERSON

SOCKETS = 200


@pytest.fixture
def own_site(prepared: Site, tmp_path: object) -> Iterator[Site]:
    with server(prepared.env, prepared.data / "slow-log") as (address, _process):
        yield Site(address, prepared.data, prepared.tokens, prepared.env)


def trickle(site: Site, path: str, headers: dict[str, str]) -> socket.socket:
    """A request whose body has begun and does not come."""
    parts = urlsplit(site.address)
    connection = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10)
    lines = [f"POST {path} HTTP/1.1", f"Host: {parts.netloc}", *(f"{name}: {value}" for name, value in headers.items())]
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n" + "x").encode())
    return connection


def upload_headers(site: Site) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {site.tokens['clara']}",
        "Tus-Resumable": "1.0.0",
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": "1000",
        "Upload-Length": "1000",
        "Upload-Metadata": metadata(),
    }


def form_headers(site: Site) -> dict[str, str]:
    token = "a" * 32
    return {
        "Cookie": f"csrftoken={token}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": "1000",
        "Referer": site.address,
    }


@pytest.mark.parametrize(
    ("path", "headers"), [("/api/v1/uploads/", upload_headers), ("/accounts/login/", form_headers)], ids=["tus", "form"]
)
def test_pages_answer_while_slow_bodies_are_open(own_site: Site, path: str, headers: object) -> None:
    with ExitStack() as stack:
        for _ in range(SOCKETS):
            stack.enter_context(trickle(own_site, path, headers(own_site)))  # type: ignore[operator]
        for page in ("/healthz", "/accounts/login/", "/"):
            assert httpx.get(own_site.address + page, timeout=30).status_code == 200, page


def test_a_person_has_a_bounded_number_of_bodies_open(own_site: Site) -> None:
    with ExitStack() as stack:
        opened = [
            stack.enter_context(trickle(own_site, "/api/v1/uploads/", upload_headers(own_site))) for _ in range(40)
        ]
        answered: dict[socket.socket, bytes] = {}
        deadline = time.monotonic() + 60
        while len(answered) < 40 - BODIES_PER_PERSON and time.monotonic() < deadline:
            ready, _, _ = select.select([each for each in opened if each not in answered], [], [], 1)
            answered |= {each: each.recv(64).split(b" ")[1] for each in ready}
    assert list(answered.values()) == [b"429"] * (40 - BODIES_PER_PERSON)


def test_a_body_that_stops_coming_is_ended_and_what_came_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import asyncio
    from collections.abc import AsyncIterator

    from core import slow_bodies

    monkeypatch.setattr(slow_bodies, "GRACE_SECONDS", 0.05)

    async def stalled() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.sleep(60)

    async def read() -> list[bytes]:
        pieces = []
        with pytest.raises(slow_bodies.SlowClientError):
            async for piece in slow_bodies.paced(stalled()):
                pieces.append(piece)
        return pieces

    assert asyncio.run(read()) == [b"first"]

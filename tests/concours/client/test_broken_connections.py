"""The demo's client and a server that resets connections: what may be done twice is done, and nothing else is repeated."""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from concours.client import http
from concours.client.http import Client

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends a reset


class Server:
    """Answers each request, except those whose number is in `resets`: it reads them, and breaks the connection."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.requests: list[str] = []
        self.resets: set[int] = set()
        self.stored = b""
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                connection, _address = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.speak, args=(connection,), daemon=True).start()

    def speak(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            while line := stream.readline():
                headers = {}
                while (header := stream.readline().strip()) != b"":
                    name, _colon, value = header.decode().partition(": ")
                    headers[name.lower()] = value
                body = stream.read(int(headers.get("content-length", "0")))
                method = line.decode().split()[0]
                self.requests.append(method)
                if method == "PATCH":
                    self.stored += body
                if len(self.requests) in self.resets:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    return
                connection.sendall(self.answer(method))

    def answer(self, method: str) -> bytes:
        body = json.dumps({"requests": len(self.requests)}).encode()
        status = {"POST": "201 Created", "PATCH": "204 No Content"}.get(method, "200 OK")
        length = "" if method == "PATCH" else f"Content-Length: {len(body)}\r\n"
        head = f"HTTP/1.1 {status}\r\nLocation: /api/v1/uploads/7\r\nUpload-Offset: {len(self.stored)}\r\n{length}\r\n"
        return head.encode() + (body if method not in ("HEAD", "PATCH") else b"")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(http, "PAUSES", (0.01, 0.01, 0.01))
    created = Server()
    yield created
    created.socket.close()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    created = Client(server.address)
    yield created
    created.http.close()


@pytest.mark.parametrize("resets", [{1}, {1, 2, 3}])
def test_reading_is_repeated(server: Server, client: Client, resets: set[int]) -> None:
    server.resets = resets
    assert client.get("me/") == {"requests": len(resets) + 1}


def test_a_step_that_gives_the_same_row_is_repeated_and_another_is_not(server: Server, client: Client) -> None:
    server.resets = {1, 3}
    assert client.post("submissions/", {"upload": "7"}, repeatable=True) == {"requests": 2}
    with pytest.raises(httpx.TransportError):
        client.post("splits/", {})
    assert server.requests == ["POST"] * 3


def test_a_server_that_never_answers_is_an_error(server: Server, client: Client) -> None:
    server.resets = set(range(9))
    with pytest.raises(httpx.TransportError):
        client.get("me/")


def test_an_upload_goes_on_where_it_stands(server: Server, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "CHUNK", 4)
    server.resets = {1, 3}
    assert client.upload(b"0123456789", kind="exam") == "7"
    assert server.stored == b"0123456789"
    assert server.requests == ["POST", "POST", "PATCH", "HEAD", "PATCH", "PATCH"]


def test_a_download_is_begun_again(server: Server, client: Client, tmp_path: Path) -> None:
    server.resets = {1}
    content = json.dumps({"requests": 2}).encode()
    client.download("/batches/7/download", tmp_path / "b", hashlib.sha256(content).hexdigest())
    assert (tmp_path / "b").read_bytes() == content

"""Files sent by tus and fetched again: what was interrupted goes on where it stopped, in another process as well."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from concours.client import http
from concours.client.account import SiteAccount, account_path, read_account, save_account
from concours.client.http import ChecksumError, Client, SiteRefusedError
from concours.client.resumable import forget_upload, upload_file
from concours.commands.main import main

CONTENT = bytes(range(256)) * 40
METADATA = {"question": "a/b", "kind": "submission", "filename": "f.zip"}


class Store(ThreadingHTTPServer):
    """One upload at a time, and one file with ranges. `full` refuses pieces once so much has arrived."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.created = 0
        self.stored = b""
        self.full = len(CONTENT)
        self.ranges: list[str | None] = []
        self.submitted: list[str] = []  # uploads that were made submissions
        self.answers = True  # whether the sender of a submission hears of it


class Handler(BaseHTTPRequestHandler):
    server: Store

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        if self.path == "/api/v1/submissions/":
            self._submit()
            return
        self.server.created += 1
        self.server.stored = b""
        self.answer(201, Location=f"/api/v1/uploads/{self.server.created}")

    def _submit(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.submitted.append(body["upload"])
        if not self.server.answers:
            self.close_connection = True
            return
        row = {"id": 9, "phase": "final", "state": "received", "errors": [], "notes": [], "reason": "", "scores": None}
        self.answer(201, json.dumps(row).encode(), Content_Type="application/json")

    def do_HEAD(self) -> None:
        endswith = self.path.endswith(f"/{self.server.created}")
        self.answer(200 if endswith else 404, Upload_Offset=str(len(self.server.stored)))

    def do_PATCH(self) -> None:
        piece = self.rfile.read(int(self.headers["Content-Length"]))
        if len(self.server.stored) >= self.server.full:
            self.answer(503, b'{"reason": "busy", "detail": "The disk is full."}', Content_Type="application/json")
            return
        self.server.stored += piece
        self.answer(204, Upload_Offset=str(len(self.server.stored)))

    def do_GET(self) -> None:
        address = self.headers.get("Range")
        self.server.ranges.append(address)
        start = int(address.removeprefix("bytes=").rstrip("-")) if address else 0
        self.answer(206 if address else 200, CONTENT[start:])


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(http, "CHUNK", 1000)
    server = Store()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(store: Store) -> Iterator[Client]:
    person = Client(f"http://127.0.0.1:{store.server_address[1]}")
    yield person
    person.http.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "f.zip"
    path.write_bytes(CONTENT)
    return path


def test_an_interrupted_upload_goes_on(store: Store, client: Client, file: Path, tmp_path: Path) -> None:
    store.full = 3000
    with pytest.raises(SiteRefusedError) as refusal:
        upload_file(client, file, METADATA, tmp_path / "state")
    assert refusal.value.detail == "The disk is full."
    store.full = len(CONTENT)
    reports: list[tuple[int, int]] = []
    assert upload_file(client, file, METADATA, tmp_path / "state", lambda *at: reports.append(at)) == "1"
    assert store.stored == CONTENT and store.created == 1
    assert reports[0] == (4000, len(CONTENT)) and reports[-1] == (len(CONTENT), len(CONTENT))


def test_an_upload_that_the_site_forgot_is_sent_anew(store: Store, client: Client, file: Path, tmp_path: Path) -> None:
    upload_file(client, file, METADATA, tmp_path / "state")
    store.created += 1  # the site knows the first no more
    assert upload_file(client, file, METADATA, tmp_path / "state") == "3"
    assert store.stored == CONTENT


def test_a_forgotten_upload_another_content_and_another_question_are_new(
    store: Store, client: Client, file: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    upload_file(client, file, METADATA, state)
    forget_upload(client, file, METADATA, state)
    assert upload_file(client, file, METADATA, state) == "2"
    assert upload_file(client, file, {**METADATA, "question": "a/c"}, state) == "3"
    file.write_bytes(CONTENT[::-1])
    assert upload_file(client, file, METADATA, state) == "4"


def test_a_download_continues_and_an_old_part_is_replaced(store: Store, client: Client, tmp_path: Path) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    part, target = tmp_path / "d.zip.part", tmp_path / "d.zip"
    part.write_bytes(CONTENT[:5000])
    client.download("/d", target, digest)
    assert target.read_bytes() == CONTENT and store.ranges == ["bytes=5000-"] and not part.exists()
    part.write_bytes(b"an older version")
    client.download("/d", target, digest)
    assert target.read_bytes() == CONTENT and store.ranges[1:] == ["bytes=16-", None]
    with pytest.raises(ChecksumError):
        client.download("/d", tmp_path / "e.zip", "0" * 64)
    assert not (tmp_path / "e.zip").exists()


def test_a_lost_answer_makes_no_second_submission(
    store: Store, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(http, "PAUSES", (0.01,))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("CONCOURS_SITE", f"http://127.0.0.1:{store.server_address[1]}")
    monkeypatch.setenv("CONCOURS_TOKEN", "t")
    words = ["submit", "a/b", str(file), "--no-wait"]
    store.answers = False
    assert main(words) == 6
    store.answers = True
    assert main(words) == 0 and "submission 9" in capsys.readouterr().out
    assert set(store.submitted) == {"1"} and store.created == 1
    assert main(words) == 0 and store.submitted[-1] == "2"  # the answer is known: this is another submission


def test_the_account(tmp_path: Path) -> None:
    environment = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert read_account(environment) is None
    account = SiteAccount("https://site.example", "secret")
    path = save_account(account, environment)
    assert path == account_path(environment) and path.stat().st_mode & 0o777 == 0o600
    assert read_account(environment) == account
    other = {**environment, "CONCOURS_SITE": "https://other.example/", "CONCOURS_TOKEN": "t"}
    assert read_account(other) == SiteAccount("https://other.example", "t")
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(ValueError, match="log in again"):
        read_account(environment)

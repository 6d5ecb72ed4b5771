"""Calls of a site's API for one person: a token, JSON that says what went wrong, tus uploads and checked downloads."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx

CHUNK = 4 << 20
TUS = {"Tus-Resumable": "1.0.0"}
IDLE_SECONDS = 2.0  # servers close idle connections after five
PAUSES = (0.2, 1.0, 3.0)  # before the next try of a request whose connection broke

ReportProgress = Callable[[int, int], None]
"""Called with the bytes that have arrived and the bytes in all."""


@cache
def trust() -> ssl.SSLContext:
    """The certificates that every connection of this process trusts: reading them again for each costs 0.2 s of CPU."""
    return ssl.create_default_context()


class SiteRefusedError(Exception):
    """The site refused a request: `status` is the HTTP status, `answer` the parsed body."""

    def __init__(self, status: int, answer: Any) -> None:
        self.status, self.answer = status, answer
        super().__init__(status, answer)

    def __str__(self) -> str:
        return f"{self.status}: {json.dumps(self.answer, ensure_ascii=False)[:400]}"

    @property
    def detail(self) -> str:
        """The site's own sentence, in the language that was asked for."""
        detail = self.answer.get("detail") if isinstance(self.answer, dict) else None
        return str(detail or f"The site answered with status {self.status}.")


class Client:
    """Speaks for one person.

    A connection may break with a request on its way, and nobody knows whether the site acted on it. What may be done twice is
    sent again: reading, and steps that give the same row when they are requested twice (`repeatable`). Anything else goes over a
    new connection, which no server has closed for idleness; if that breaks, it is an error.
    """

    def __init__(self, address: str, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        limits = httpx.Limits(keepalive_expiry=IDLE_SECONDS)
        self.http = httpx.Client(
            base_url=address, headers={**headers, "Accept-Language": "en"}, timeout=60, limits=limits, verify=trust()
        )

    def send(self, method: str, path: str, *, repeatable: bool, **more: Any) -> httpx.Response:
        """The answer, whatever it says. Raises httpx.TransportError when every try broke, or one that must not be repeated."""
        for pause in PAUSES:
            try:
                if repeatable:
                    return self.http.request(method, path, **more)
                address, headers = self.http.base_url, self.http.headers
                with httpx.Client(base_url=address, headers=headers, timeout=60, verify=trust()) as fresh:
                    return fresh.request(method, path, **more)
            except httpx.ConnectError:
                time.sleep(pause)  # nothing was sent
            except httpx.TransportError:
                if not repeatable:
                    raise
                time.sleep(pause)
        return self.http.request(method, path, **more)

    def call(self, method: str, path: str, *, repeatable: bool, **more: Any) -> Any:
        """The JSON of the answer. Raises SiteRefusedError."""
        response = self.send(method, f"/api/v1/{path}", repeatable=repeatable, **more)
        if response.status_code >= 400:
            raise SiteRefusedError(response.status_code, _body_of(response))
        return response.json() if response.content else None

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path, repeatable=True, params=query)

    def post(self, path: str, body: Mapping[str, Any] | None = None, *, repeatable: bool = False) -> Any:
        return self.call("POST", path, repeatable=repeatable, json=dict(body or {}))

    def every(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """All pages of a list."""
        rows: list[dict[str, Any]] = []
        page = 1
        while True:
            answer = self.get(path, **query, page=page, page_size=500)
            rows += answer["results"]
            if not answer["next"]:
                return rows
            page += 1

    def upload(self, content: bytes, **metadata: str) -> str:
        """Sends the bytes by tus 1.0: creation, then PATCH after PATCH. Returns the upload's id. Raises SiteRefusedError."""
        address = self.create_upload(len(content), metadata)
        position = 0
        while position < len(content):
            position = self.send_piece(address, position, content[position : position + CHUNK])
        return upload_id(address)

    def create_upload(self, size: int, metadata: Mapping[str, str]) -> str:
        """Announces an upload of `size` bytes. Returns its address. Raises SiteRefusedError."""
        pairs = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in metadata.items())
        headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": pairs}
        # Created twice, an upload lies empty until it expires.
        response = self.send("POST", "/api/v1/uploads/", repeatable=True, headers=headers)
        if response.status_code != 201:
            raise SiteRefusedError(response.status_code, _body_of(response))
        return str(response.headers["Location"])

    def offset_of(self, address: str) -> int:
        """How many bytes of an upload have arrived. Raises SiteRefusedError, for one when the upload has expired."""
        response = self.send("HEAD", address, repeatable=True, headers=TUS)
        if response.status_code not in (200, 204):
            raise SiteRefusedError(response.status_code, _body_of(response))
        return int(response.headers["Upload-Offset"])

    def send_piece(self, address: str, position: int, piece: bytes) -> int:
        """The offset behind the piece. After a broken connection the site says how much of it has arrived."""
        checksum = base64.b64encode(hashlib.sha256(piece).digest()).decode()
        headers = {
            **TUS,
            "Upload-Offset": str(position),
            "Content-Type": "application/offset+octet-stream",
            "Upload-Checksum": f"sha256 {checksum}",
        }
        try:
            response = self.send("PATCH", address, repeatable=False, content=piece, headers=headers)
        except httpx.TransportError:
            return self.offset_of(address)
        if response.status_code not in (200, 204):
            raise SiteRefusedError(response.status_code, _body_of(response))
        return int(response.headers["Upload-Offset"])

    def download(self, path: str, target: Path, sha256: str, report: ReportProgress | None = None) -> None:
        """Writes the file and compares it with its published SHA-256.

        The bytes gather in `<target>.part`; what lies there from an interrupted download is continued, not fetched again.
        Raises SiteRefusedError, ChecksumError, and httpx.TransportError when the connection broke again and again.
        """
        part = target.with_name(f"{target.name}.part")
        was_begun = part.exists()
        self._fetch_whole(path, part, report)
        if sha256_of(part) != sha256 and was_begun:  # it was begun of an older version
            part.unlink()
            self._fetch_whole(path, part, report)
        if sha256_of(part) != sha256:
            part.unlink()
            raise ChecksumError(target.name)
        part.replace(target)

    def _fetch_whole(self, path: str, part: Path, report: ReportProgress | None) -> None:
        for pause in (*PAUSES, 0.0):
            try:
                self._fetch(path, part, report)
                break
            except httpx.TransportError:
                if not pause:
                    raise
                time.sleep(pause)

    def _fetch(self, path: str, part: Path, report: ReportProgress | None) -> None:
        """Continues the partial file; a server that does not know ranges sends the whole, which replaces it."""
        start = part.stat().st_size if part.exists() else 0
        headers = {"Range": f"bytes={start}-"} if start else {}
        with self.http.stream("GET", path, headers=headers, follow_redirects=True) as response:
            if response.status_code == 416:  # nothing is missing
                return
            if response.status_code not in (200, 206):
                response.read()
                raise SiteRefusedError(response.status_code, _body_of(response))
            position = start if response.status_code == 206 else 0
            total = position + int(response.headers.get("Content-Length", 0))
            with part.open("ab" if position else "wb") as file:
                for piece in response.iter_bytes(1 << 20):
                    file.write(piece)
                    position += len(piece)
                    if report is not None:
                        report(position, total)

    def await_until(self, ask: Callable[[], Any], seconds: float = 900, pause: float = 0.4) -> Any:
        """The first answer of `ask` that is not None. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = ask()
            if answer is not None:
                return answer
            time.sleep(pause)
        raise TimeoutError("the site did not get there in time")


class ChecksumError(Exception):
    """A downloaded file, named by its argument, does not have its published SHA-256."""


def upload_id(address: str) -> str:
    """The id at the end of an upload's address."""
    return address.rstrip("/").rsplit("/", 1)[-1]


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _body_of(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return response.text[:400]

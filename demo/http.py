"""A person's client: a token, JSON calls that say what went wrong, tus uploads and checked downloads."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

CHUNK = 4 << 20


class RefusedError(Exception):
    """The site said no; `answer` is what it said."""

    def __init__(self, status: int, answer: Any) -> None:
        self.status, self.answer = status, answer
        super().__init__(status, answer)

    def __str__(self) -> str:
        return f"{self.status}: {json.dumps(self.answer, ensure_ascii=False)[:400]}"


class Client:
    """Speaks for one person."""

    def __init__(self, address: str, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.http = httpx.Client(base_url=address, headers={**headers, "Accept-Language": "en"}, timeout=60)

    def call(self, method: str, path: str, **more: Any) -> Any:
        """The JSON of the answer. Raises RefusedError."""
        response = self.http.request(method, f"/api/v1/{path}", **more)
        if response.status_code >= 400:
            raise RefusedError(response.status_code, _said(response))
        return response.json() if response.content else None

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path, params=query)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self.call("POST", path, json=dict(body or {}))

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
        """tus 1.0: creation, then PATCH after PATCH; the upload's id. Raises RefusedError."""
        pairs = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in metadata.items())
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(content)), "Upload-Metadata": pairs}
        response = self.http.post("/api/v1/uploads/", headers=headers)
        if response.status_code != 201:
            raise RefusedError(response.status_code, _said(response))
        address = response.headers["Location"]
        position = 0
        while position < len(content):
            piece = content[position : position + CHUNK]
            checksum = base64.b64encode(hashlib.sha256(piece).digest()).decode()
            response = self.http.patch(
                address,
                content=piece,
                headers={
                    "Tus-Resumable": "1.0.0",
                    "Upload-Offset": str(position),
                    "Content-Type": "application/offset+octet-stream",
                    "Upload-Checksum": f"sha256 {checksum}",
                },
            )
            if response.status_code != 204:
                raise RefusedError(response.status_code, _said(response))
            position = int(response.headers["Upload-Offset"])
        return str(address.rstrip("/").rsplit("/", 1)[-1])

    def download(self, path: str, target: Path, sha256: str) -> None:
        """The file, held against its published SHA-256."""
        digest = hashlib.sha256()
        with self.http.stream("GET", path) as response:
            if response.status_code != 200:
                response.read()
                raise RefusedError(response.status_code, _said(response))
            with target.open("wb") as file:
                for piece in response.iter_bytes(1 << 20):
                    digest.update(piece)
                    file.write(piece)
        if digest.hexdigest() != sha256:
            raise RuntimeError(f"{path} is not what its SHA-256 says")

    def await_until(self, ask: Callable[[], Any], seconds: float = 900, pause: float = 0.4) -> Any:
        """The first answer of `ask` that is not None."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = ask()
            if answer is not None:
                return answer
            time.sleep(pause)
        raise TimeoutError("the site did not get there in time")


def _said(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return response.text[:400]

"""Uploads that go on where they stopped, after a broken network and after the end of the process as well."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from concours.client import http
from concours.client.http import Client, ReportProgress, SiteRefusedError, sha256_of, upload_id


def upload_file(
    client: Client,
    path: Path,
    metadata: Mapping[str, str],
    folder: Path,
    report: ReportProgress | None = None,
) -> str:
    """Sends a file by tus and returns the upload's id.

    `folder` remembers the address of each upload under way, by site, metadata and content, so that the same call made again goes
    on with it. An upload that the site no longer knows is sent anew. Raises SiteRefusedError and httpx.TransportError.
    """
    size = path.stat().st_size
    memory = folder / f"{_key(client, path, metadata)}.json"
    address, position = _continued(client, memory)
    if address is None:
        address, position = client.create_upload(size, metadata), 0
        _remember(memory, address)
    with path.open("rb") as file:
        while position < size:
            file.seek(position)
            position = client.send_piece(address, position, file.read(http.CHUNK))
            if report is not None:
                report(position, size)
    return upload_id(address)


def forget_upload(client: Client, path: Path, metadata: Mapping[str, str], folder: Path) -> None:
    """Once its outcome is known, the same file may be sent as a new upload."""
    (folder / f"{_key(client, path, metadata)}.json").unlink(missing_ok=True)


def _key(client: Client, path: Path, metadata: Mapping[str, str]) -> str:
    named = json.dumps([str(client.http.base_url), sorted(metadata.items()), sha256_of(path)])
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def _continued(client: Client, memory: Path) -> tuple[str | None, int]:
    """The address and the offset of an upload begun earlier; no address where there is none, or none that the site knows."""
    try:
        address = str(json.loads(memory.read_text(encoding="utf-8"))["address"])
        return address, client.offset_of(address)
    except (OSError, ValueError, KeyError):
        return None, 0
    except SiteRefusedError as error:
        if error.status not in (403, 404, 410):
            raise
        return None, 0


def _remember(memory: Path, address: str) -> None:
    memory.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    memory.write_text(json.dumps({"address": address}), encoding="utf-8")

"""`concours data` on a site that replaces a batch: what the new version no longer has leaves the unpacked folder."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from concours.commands import data
from concours.commands.main import main


def archive_of(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, name)
    return target.getvalue()


class Site:
    """Answers as a site with one released batch."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def get(self, path: str, **_query: str) -> dict[str, Any]:
        return {"text": "slug: nodules\n"} if path.startswith("questions/") else {"ids": []}

    def every(self, _path: str, **_query: str) -> list[dict[str, Any]]:
        digest = sha256(self.content).hexdigest()
        return [{"name": "training", "version": 1, "exams": 2, "archive_bytes": len(self.content), "archive_sha256": digest,
                 "download": "/batches/1/download"}]  # fmt: skip

    def download(self, _path: str, target: Path, _sha256: str, _report: object) -> None:
        target.write_bytes(self.content)


def test_a_withdrawn_case_leaves_the_unpacked_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(archive_of("a/1.dcm", "b/1.dcm", "truth.csv"))

    @contextmanager
    def session() -> Iterator[Site]:
        yield site

    monkeypatch.setattr(data, "site_session", session)
    words = ["data", "c/nodules", "--into", str(tmp_path), "--unpack"]
    assert main(words) == 0
    (tmp_path / "training" / "notes.txt").write_text("ours")
    site.content = archive_of("b/1.dcm", "truth.csv")
    assert main(words) == 0
    files = {
        str(path.relative_to(tmp_path / "training")) for path in (tmp_path / "training").rglob("*") if path.is_file()
    }
    assert files == {"b/1.dcm", "truth.csv", "notes.txt"}
    assert (tmp_path / "question.yaml").read_text() == "slug: nodules\n"

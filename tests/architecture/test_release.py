"""`make release VERSION=…`: one command sets the version, dates the changelog, commits and tags; or changes nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

CHANGES = (
    "# Changes\n\n## Unreleased\n- Boards are faster.\n- Masks may be PNG.\n\n## 0.1.0 (2026-01-05)\n- The first.\n"
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in (".ci/release.py", "Makefile", "concours/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "CHANGELOG.md").write_text(CHANGES, encoding="utf-8")
    (tmp_path / "concours/__init__.py").write_text('"""The library."""\n\n__version__ = "0.1.0"\n', encoding="utf-8")
    for words in (["init", "-q"], ["config", "user.email", "o@example.org"], ["config", "user.name", "Olga"]):
        git(tmp_path, *words)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "All")
    return tmp_path


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def release(folder: Path, version: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", "release", f"VERSION={version}"]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)


def test_version_notes_commit_and_tag_agree(checkout: Path) -> None:
    result = release(checkout, "0.2.0")
    assert result.returncode == 0, result.stderr
    assert "- Boards are faster." in result.stdout
    assert '__version__ = "0.2.0"' in (checkout / "concours/__init__.py").read_text()
    changes = (checkout / "CHANGELOG.md").read_text()
    assert changes.index("## Unreleased\n\n## 0.2.0 (") < changes.index("- Boards") < changes.index("## 0.1.0")
    assert git(checkout, "status", "--porcelain") == ""
    assert git(checkout, "log", "-1", "--format=%s") == "Release 0.2.0"
    assert "- Masks may be PNG." in git(checkout, "tag", "-l", "--format=%(contents)", "v0.2.0")


@pytest.mark.parametrize("version", ["", "2", "0.0.9", "1.0.0rc1"])
def test_a_version_that_is_not_the_next_changes_nothing(checkout: Path, version: str) -> None:
    before = git(checkout, "rev-parse", "HEAD")
    assert release(checkout, version).returncode != 0
    assert (git(checkout, "rev-parse", "HEAD"), git(checkout, "status", "--porcelain")) == (before, "")


def test_a_release_is_made_once_and_from_committed_files(checkout: Path) -> None:
    assert release(checkout, "0.2.0").returncode == 0
    assert "0.2.0" in release(checkout, "0.2.0").stderr
    assert "nothing to release" in release(checkout, "0.3.0").stderr
    (checkout / "CHANGELOG.md").write_text(CHANGES)
    assert "uncommitted" in release(checkout, "0.3.0").stderr

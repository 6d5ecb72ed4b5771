"""The committed built files are what the sources give, and the plain modules do what they say (needs node)."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
needs_node = pytest.mark.skipif(
    shutil.which("node") is None or not (FRONTEND / "node_modules" / "esbuild").is_dir(),
    reason="needs node and frontend/node_modules (cd frontend && npm ci)",
)


@needs_node
def test_a_rebuild_equals_the_committed_files() -> None:
    done = subprocess.run(["node", "check.mjs"], check=False, cwd=FRONTEND, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr


@needs_node
def test_the_modules_pass_their_own_tests() -> None:
    done = subprocess.run(
        ["node", "--test", "tests/"], check=False, cwd=FRONTEND, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout[-4000:]


@needs_node
@pytest.mark.parametrize("tool", ["eslint .", "tsc --project ."])
def test_the_modules_are_as_the_linter_and_their_types_ask(tool: str) -> None:
    name, *arguments = tool.split()
    done = subprocess.run(
        [f"node_modules/.bin/{name}", *arguments],
        check=False,
        cwd=FRONTEND,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-4000:]


def test_the_lock_names_no_host() -> None:
    lock = json.loads((FRONTEND / "package-lock.json").read_text(encoding="utf-8"))
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []


def test_no_page_needs_more_script_than_promised() -> None:
    dist = FRONTEND.parent / "static" / "dist"
    limits = {
        "theme.js": 2_000,
        "site.js": 80_000,
        "upload.js": 100_000,
        "viewer.js": 16_000,
        "grade.js": 4_000,
        "jury.js": 8_000,
        "exams.js": 16_000,
    }
    for name, limit in limits.items():
        assert (dist / name).stat().st_size < limit, name

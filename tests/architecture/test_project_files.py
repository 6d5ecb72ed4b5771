"""What people expect of an open project is there, and names commands and files that exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.architecture.source import ROOT


@pytest.mark.parametrize(
    "name",
    [
        "CITATION.cff",
        "CODE_OF_CONDUCT.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "SECURITY.md",
        ".github/PULL_REQUEST_TEMPLATE.md",
        ".github/ISSUE_TEMPLATE/bug.yml",
        ".github/ISSUE_TEMPLATE/proposal.yml",
    ],
)
def test_the_file_is_there_and_can_be_read(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert text.strip()
    if name.endswith((".cff", ".yml")):
        assert isinstance(yaml.safe_load(text), dict)


def test_the_workflow_runs_what_ci_runs() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    commands = [step["run"] for step in workflow["jobs"]["all"]["steps"] if "run" in step]
    assert commands == [".ci/run"]
    assert (ROOT / ".ci/run").stat().st_mode & 0o100


def test_hooks_call_programs_of_the_lock_file_and_files_that_exist() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook for repo in config["repos"] for hook in repo["hooks"]]
    lock = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    packages = {"ruff": "ruff", "lint-imports": "import-linter", "djlint": "djlint"}
    for hook in hooks:
        program, *arguments = hook["entry"].split()
        name = Path(program).name
        assert name in {"python", "sh"} or f"\n{packages[name]}==" in lock
        for argument in arguments:
            if argument.endswith(".py") or "/" in argument:
                assert (ROOT / argument).is_file(), argument


def test_every_target_of_the_makefile_is_explained_by_make_help() -> None:
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert targets is not None
    shown = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert set(re.findall(r"make (\w+) ", shown)) == set(targets[1].split())


@pytest.mark.parametrize(
    ("name", "content", "refused"),
    [
        ("x.dcm", b"", True),
        ("x", bytes(128) + b"DICM", True),
        ("mask.nii.gz", b"", True),
        ("x.py", b"print()", False),
        ("empty", b"", False),
    ],
)
def test_no_medical_image_is_committed(tmp_path: Path, name: str, content: bytes, refused: bool) -> None:
    (tmp_path / name).write_bytes(content)
    command = [sys.executable, str(ROOT / ".ci/no_images.py"), str(tmp_path / name)]
    assert subprocess.run(command, check=False, capture_output=True).returncode == int(refused)

"""The distribution: `pip install .` in an empty environment gives a command that works, with all the data that it needs; and it
depends on what it uses, no more.
"""

from __future__ import annotations

import base64
import csv
import json
import os
import subprocess
import sys
import tarfile
import time
import tomllib
import zipfile
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from concours import __version__
from tests.architecture.source import APPS, ROOT, imported_packages
from tests.concours.deid.made import KEY, ct, written
from tests.presence import UV

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LIBRARY_PLUGINS = {
    "pylibjpeg": "pydicom decodes JPEG through it",
    "pylibjpeg-rle": "pydicom decodes RLE through it",
}
SITE_PLUGINS = {
    "django-storages": "the settings name it",
    "psycopg": "Django's driver of PostgreSQL",
    "psycopg-pool": "Django's pool of connections",
    "openpyxl": "the workbook of the published tables, which pandas writes",
    "pandas": "published tables, loaded when they are made",
    "reportlab": "results and certificates as PDF, loaded when one is made",
    "redis": "Celery's broker and Django's cache",
    "uvicorn": "the server of docs/deploy.md",
    "whitenoise": "the settings name it",
}
"""Distributions that no module imports by name, with what they are for."""


def names(requirements: Iterable[str]) -> set[str]:
    return {Requirement(line).name.lower() for line in requirements} - {"concours"}


def distributions(*folders: str) -> set[str]:
    """The distributions that the code of these folders imports."""
    packages_distributions_result = packages_distributions()
    ours = {"concours", "config", "demo", "replay", "tests", "manage", *APPS}
    third_party = imported_packages(*folders) - set(sys.stdlib_module_names) - ours
    return {
        packages_distributions_result[name][0].lower() for name in third_party if name in packages_distributions_result
    }


def test_the_library_declares_exactly_what_it_imports() -> None:
    declared = names(PROJECT["dependencies"])
    extras = PROJECT["optional-dependencies"]
    optional = names([*extras["ocr"], *extras["client"], *extras["inception"]])
    used = distributions("concours")
    assert used - optional <= declared
    assert declared - used == set(LIBRARY_PLUGINS)


def test_the_site_declares_exactly_what_it_imports() -> None:
    declared = names(PROJECT["optional-dependencies"]["site"])
    used = distributions(*APPS, "config")
    assert used <= declared | names(PROJECT["dependencies"])
    assert declared - used <= set(SITE_PLUGINS)


def test_few_packages_come_with_the_library() -> None:
    assert len(PROJECT["dependencies"]) <= 17


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as `pip install .` builds it, with the build backend of the lock."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_library_with_its_data_and_nothing_of_the_site(wheel: Path) -> None:
    assert wheel.name == f"concours-{__version__}-py3-none-any.whl"
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "concours"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert packed == set(tracked.stdout.split())


def test_the_source_distribution_builds_the_same_library(wheel: Path) -> None:
    source = next(wheel.parent.glob("*.tar.gz"))
    with tarfile.open(source) as packed:
        roots = {Path(name).parts[1] for name in packed.getnames()}
    assert roots == {"concours", "pyproject.toml", "CHANGELOG.md", "LICENSE", "README.md", "PKG-INFO", ".gitignore"}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """The folder of programs of a new environment that holds the wheel and its dependencies at the locked versions."""
    home = tmp_path_factory.mktemp("empty")
    subprocess.run([UV, "venv", "-q", "--python", sys.executable, home / "venv"], check=True, capture_output=True)
    command = [UV, "pip", "install", "-q", "--python", home / "venv/bin/python", wheel]
    command += ["--constraints", pins(home / "constraints.txt")]
    if subprocess.run([*command, "--offline"], check=False, capture_output=True).returncode:
        subprocess.run(command, check=True)  # not all of it is in uv's cache
    return home / "venv/bin"


def pins(path: Path) -> Path:
    """The versions of the lock, without its hashes: one wheel per package is enough."""
    lines = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line.rstrip("\\ ") for line in lines if "==" in line and line[0].isalnum()))
    return path


def run(program: Path, *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A command with nothing of this project's in its environment, from a folder that is not the project's."""
    environment = {"PATH": os.defpath, "HOME": str(cwd)}
    command = [str(program), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.packages
def test_help_comes_within_a_second(empty: Path, tmp_path: Path) -> None:
    fastest = float("inf")
    for _ in range(3):
        started = time.monotonic()
        result = run(empty / "concours", "--help", cwd=tmp_path)
        fastest = min(fastest, time.monotonic() - started)
        assert (result.returncode, result.stderr) == (0, "")
    assert fastest < 1


@pytest.mark.packages
def test_no_module_of_the_site_is_there(empty: Path, tmp_path: Path) -> None:
    code = "import importlib.util as u; print([n for n in ('django', 'celery', 'core', 'config') if u.find_spec(n)])"
    assert run(empty / "python", "-c", code, cwd=tmp_path).stdout.strip() == "[]"


@pytest.mark.packages
def test_a_submission_is_scored_and_checked(empty: Path, tmp_path: Path) -> None:
    question = ROOT / "concours/questions/catalogue/nodules.yaml"
    for name, columns in (("truth", ("id", "abnormal")), ("sent", ("case_id", "probability"))):
        with (tmp_path / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([columns, *((f"{n:03d}", n % 2) for n in range(10))])
    scored = run(
        empty / "concours", "score", question, "--truth", "truth.csv", "--submission", "sent.csv", cwd=tmp_path
    )
    assert (scored.returncode, scored.stderr) == (0, "")
    assert json.loads(scored.stdout)["scores"] == {"auc": 1.0}
    checked = run(empty / "concours", "check", "sent.csv", "--kind", "csv", cwd=tmp_path)
    assert json.loads(checked.stdout)["verdict"] == "accept"


@pytest.mark.packages
def test_a_folder_is_deidentified_and_searched(empty: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    written(tmp_path / "in", ct())
    (tmp_path / "key").write_bytes(base64.b64encode(KEY))
    command = ["deidentify", "in", "out", "--key-file", "key", "--centre", "A", "--report", "report.json"]
    result = run(empty / "concours", *command, cwd=tmp_path)
    assert result.returncode == 0
    assert "pip install 'concours[ocr]'" in result.stderr
    assert json.loads((tmp_path / "report.json").read_text())["outcomes"] == {"written": 1, "review": 0, "refused": 0}
    refused = run(empty / "concours", "find-identifiers", "out", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    searched = run(empty / "concours", "find-identifiers", "out", "--no-pixels", "--json", cwd=tmp_path)
    assert json.loads(searched.stdout) == {"findings": [], "files": 1}

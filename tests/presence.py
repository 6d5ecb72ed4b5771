"""What this machine offers beyond Python: Chromium, PostgreSQL, Redis, the sample images. Each absence with its reason."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
UV = Path(sys.executable).parent / "uv"
POSTGRES_URL = os.environ.get("TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS_URL = os.environ.get("TEST_REDIS", "redis://127.0.0.1:6379/9")
ABSENT_WORDS = {
    "sample": "Set SAMPLE_DIR to the folder of sample images.",
    "postgres": "Start PostgreSQL, or set TEST_POSTGRES.",
    "redis": "Start Redis, or set TEST_REDIS.",
    "browser": "Install Chromium (Debian's package), or set CHROMIUM.",
    "orthanc": "Install Debian's packages orthanc and orthanc-dicomweb.",
    "packages": "Run make setup where a package index can be reached.",
}


def sample_dir() -> Path:
    folder = os.environ.get("SAMPLE_DIR")
    return Path(folder).resolve() if folder else (ROOT / ".." / "shared" / "sample").resolve()


def cases_dir() -> Path:
    """Inputs after public bug reports, each in a folder `<number>-<name>` with its right value in README.txt."""
    folder = os.environ.get("CASES_DIR")
    return Path(folder).resolve() if folder else (ROOT / ".." / "shared" / "cases").resolve()


def chromium() -> str | None:
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def orthanc() -> tuple[str, str]:
    """The program and its DICOMweb plugin; empty where one is not installed."""
    program = shutil.which("Orthanc", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""
    plugin = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
    return (program, str(plugin)) if program and plugin.exists() else ("", "")


def answers(url: str) -> bool:
    """Whether something listens at the address of a database or broker."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 0), timeout=2):
            return True
    except OSError:
        return False


def absences() -> dict[str, str]:
    """Mark -> why its tests cannot run here."""
    missing = {}
    if not (sample_dir() / "cases").is_dir():
        missing["sample"] = "there is no folder of sample images."
    if not answers(POSTGRES_URL):
        missing["postgres"] = "no PostgreSQL answers."
    if not answers(REDIS_URL):
        missing["redis"] = "no Redis answers."
    if chromium() is None:
        missing["browser"] = "Chromium was not found."
    if not orthanc()[0]:
        missing["orthanc"] = "Orthanc with its DICOMweb plugin is not installed."
    if not UV.is_file():
        missing["packages"] = "uv is not in the environment, so an empty environment cannot be filled from its cache."
    return missing

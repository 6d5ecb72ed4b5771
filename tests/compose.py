"""docker-compose.yml as the tests read it: each service's command and settings, so that what is tested is what is written."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docker-compose.yml"


def document() -> dict[str, Any]:
    """The file, anchors and merges resolved."""
    whole: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return whole


def services() -> dict[str, dict[str, Any]]:
    by_name: dict[str, dict[str, Any]] = document()["services"]
    return by_name


def command(service: str, **instead: str) -> list[str]:
    """The service's command; `port` and `host` stand in for the container's own, and Python is the one of these tests."""
    # A variable that .env may set has its default, as compose reads it.
    words = [re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(word)) for word in services()[service]["command"]]
    swaps = {"8000": instead.get("port", "8000"), "0.0.0.0": "127.0.0.1"}
    words = [swaps.get(word, word) for word in words]
    if words[0] == "python":
        return [sys.executable, *words[1:]]
    if words[0] in ("uvicorn", "celery"):
        return [sys.executable, "-m", *words]
    return words


SITE = ("setup", "web", "intake", "worker", "scorer", "sweeper")


def settings(service: str, values: Mapping[str, str]) -> dict[str, str]:
    """The names that a service of the site is given, each with the value of the test that runs without containers.

    A name that the file gives to any service and the test does not, or the other way round, is an error.
    """
    names = {name for service_name in SITE for name in services()[service_name]["environment"]}
    if names != set(values):
        raise KeyError(f"docker-compose.yml and the test differ in {sorted(names ^ set(values))}")
    return {name: values[name] for name in services()[service]["environment"]}

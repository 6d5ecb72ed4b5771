"""The addresses that the pages' scripts ask are routes of the site: a slash too many is a 404 that no page shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import resolve

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
WRITTEN = re.compile(r"[\"`](/(?:api|c|exams|accounts|account)/[^\"`\s]*)[\"`]")
UUID = "7a3a3f3e-e329-55a5-ac1b-61b20d51f4e9"


def written() -> list[tuple[str, str]]:
    """Script and address, with each `${…}` of the path filled in."""
    scripts = [path for path in FRONTEND.rglob("*.js") if not {"node_modules", "tests"} & set(path.parts)]
    return [
        (str(script.relative_to(FRONTEND)), address)
        for script in scripts
        for address in WRITTEN.findall(script.read_text("utf-8"))
    ]


@pytest.mark.parametrize(("script", "address"), written())
def test_an_address_in_a_script_is_a_route(script: str, address: str) -> None:
    path = address.partition("?")[0]
    numbered = "/centres/" in path  # centres have numbers; exams and uploads have UUIDs
    resolve(re.sub(r"\$\{[^}]*\}", "1" if numbered else UUID, path))


def test_the_scripts_hold_addresses() -> None:
    assert len(written()) >= 4

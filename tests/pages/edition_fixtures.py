"""Fixtures of the small edition: its rows, and a browser's client for each of its people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.pages.edition import Edition, small_edition


@pytest.fixture
def edition(db: None, settings: Any, tmp_path: Path) -> Edition:
    settings.KEYS_DIR = tmp_path / "keys"
    settings.STAGING_DIR = tmp_path / "staging"
    return small_edition()


@pytest.fixture
def as_(edition: Edition) -> Callable[[str], Client]:
    """`as_("claire")`: her browser, signed in. `as_("")`: a visitor's."""

    def signed_in(name: str) -> Client:
        client = Client()
        if name:
            client.force_login(edition.people[name])
        return client

    return signed_in

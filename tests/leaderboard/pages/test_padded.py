"""The figures of a column have the digits of the board, so that they stand below each other."""

from __future__ import annotations

import pytest
from django.utils import translation

from leaderboard.page import _padded


@pytest.mark.parametrize(
    ("value", "digits", "language", "words"),
    [(0.5, 4, "en", "0.5000"), (1, 3, "en", "1.000"), (0.774, 4, "fr", "0,7740"), (12.0, 0, "en", "12")],
)
def test_all_digits_are_shown(value: float, digits: int, language: str, words: str) -> None:
    with translation.override(language):
        assert _padded(value, digits) == words

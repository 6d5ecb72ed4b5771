"""No question can take the address of a page of its challenge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import get_resolver

from concours.questions.schema.addresses import PAGE_WORDS

CHALLENGE = "c/<slug:challenge>/"


def addresses(patterns: Any = None, before: str = "") -> Iterator[str]:
    """Every route as it is written, from the root."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        whole = before + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from addresses(pattern.url_patterns, whole)
        else:
            yield whole


def test_the_words_beside_a_question_are_those_that_no_slug_may_be() -> None:
    beside = {
        address.removeprefix(CHALLENGE).partition("/")[0] for address in addresses() if address.startswith(CHALLENGE)
    }
    assert beside - {"", "<slug:question>"} == PAGE_WORDS

"""A template with two forms is said in the one that its number asks for, in both languages and after any journey."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import override

from concours.formats.fault import Fault, forms_of, plural_noop
from concours.imaging.assemble import MISSING
from core.errors import StepError
from core.words import say


@pytest.mark.parametrize(
    ("language", "count", "words"),
    [
        ("en", 1, "About 1 slice is missing after x. Upload the whole series again."),
        ("en", 2, "About 2 slices are missing after x. Upload the whole series again."),
        ("en", 0, "About 0 slices are missing after x. Upload the whole series again."),
        ("fr", 0, "Il manque environ 0 coupe après x. Renvoyez la série entière."),
        ("fr", 1, "Il manque environ 1 coupe après x. Renvoyez la série entière."),
        ("fr", 3, "Il manque environ 3 coupes après x. Renvoyez la série entière."),
    ],
)
def test_both_languages_have_both_forms(language: str, count: int, words: str) -> None:
    fault = Fault("incomplete_series", "x", MISSING, {"count": count, "file": "x"})
    crossed = Fault.from_json(fault.to_json())
    with override(language):
        assert say(fault.template, fault.values) == say(crossed.template, crossed.values) == words
        assert StepError(MISSING, count=count, file="x").words() == words
    if language == "en":
        assert fault.message == crossed.message == str(StepError(MISSING, count=count, file="x")) == words


@pytest.mark.parametrize("count", ["many", None, float("nan"), 1.5])
def test_a_number_that_is_none_takes_the_plural(count: Any) -> None:
    assert say(plural_noop("%(count)s cat", "%(count)s cats"), {"count": count}).endswith("cats")


def test_a_number_as_text_counts() -> None:
    assert say(plural_noop("%(n)s cat", "%(n)s cats", "n"), {"n": "1"}) == "1 cat"


def test_a_broken_template_says_itself_without_its_marks() -> None:
    template = plural_noop("%(count)d of %(gone)s cat", "%(count)d of %(gone)s cats")
    assert say(template, {"count": 1}) == "%(count)d of %(gone)s cat"
    assert Fault("missing_id", "x", template, {"count": 2}).message == "%(count)d of %(gone)s cats"
    assert forms_of("one form") is None

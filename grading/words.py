"""Grades in words, as readers see them."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

GRADES: dict[str, str | Promise] = {"A": _("very good"), "B": _("good"), "C": _("usable"), "D": _("not usable")}


def grades_in_words(scale: Iterable[str]) -> list[tuple[str, str]]:
    """The letters of a question's scale, each with its word."""
    return [(letter, str(GRADES[letter])) for letter in scale]

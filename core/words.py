"""Says the plain packages' findings in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext


def say(template: str, values: Mapping[str, Any] | None = None) -> str:
    """The template in the active language with its holes filled. A broken template says itself, never fails a page.

    Values that are words of the catalogue (soft, axial, a refusal's detail) are said in that language too.
    """
    if not template:
        return ""
    filled = {
        key: gettext(value) if isinstance(value, str) and value else value for key, value in (values or {}).items()
    }
    try:
        return gettext(template) % filled
    except (KeyError, TypeError, ValueError):
        return template


def localised(texts: Mapping[str, str] | str, language: str) -> str:
    """The text of a question file in `language`, else in English, else in whatever there is."""
    if isinstance(texts, str):
        return texts
    return texts.get(language[:2]) or texts.get("en") or next(iter(texts.values()), "")

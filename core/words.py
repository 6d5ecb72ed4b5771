"""Says the plain packages' findings in the reader's language."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext, ngettext

from concours.formats.fault import english, forms_of, how_many


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
        return translated(template, filled) % filled
    except (KeyError, TypeError, ValueError):
        return english(template, filled)


def translated(template: str, values: Mapping[str, Any]) -> str:
    """The template in the active language, in the form that its number asks for, its holes still open."""
    forms = forms_of(template)
    if forms is None:
        return gettext(template)
    singular, plural, number = forms
    return ngettext(singular, plural, how_many(values, number))


def labelled(name: Any, value: Any) -> str:
    """ "Centre: Bichat", with the space before the colon that French asks for."""
    return gettext("%(name)s: %(value)s") % {"name": name, "value": value}


def separated(parts: Iterable[str]) -> str:
    """ "1 to 5; optional", with the space before the semicolon that French asks for; empty parts are left out."""
    filled = [part for part in parts if part]
    if not filled:
        return ""
    text = filled[0]
    for part in filled[1:]:
        text = gettext("%(before)s; %(after)s") % {"before": text, "after": part}
    return text


def localised(texts: Mapping[str, str] | str, language: str) -> str:
    """The text of a question file in `language`, else in English, else in whatever there is."""
    if isinstance(texts, str):
        return texts
    return texts.get(language[:2]) or texts.get("en") or next(iter(texts.values()), "")

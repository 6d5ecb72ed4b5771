"""The parts of a page that are written with arguments: breadcrumb, table. Their looks are in docs/design.md."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

register = template.Library()


@register.simple_tag
def crumb(label: Any, route: str, *arguments: Any) -> SafeString:
    """One page above this one: `{% crumb question "challenges:question" challenge.slug question.slug %}`."""
    address = reverse(route, args=arguments)
    return format_html('<li class="breadcrumb-item"><a href="{}">{}</a></li>', address, label)


@register.simple_block_tag
def breadcrumb(content: SafeString, here: Any) -> SafeString:
    """The way to this page, whose name is `here`; inside are the crumbs of the pages above it."""
    return format_html(
        '<nav aria-label="{}"><ol class="breadcrumb">{}'
        '<li class="breadcrumb-item active" aria-current="page">{}</li></ol></nav>',
        gettext("Breadcrumb"),
        content,
        here,
    )


@register.simple_block_tag
def table(
    content: SafeString,
    *heads: str,
    labelledby: str = "",
    label: str = "",
    cards: bool = True,
    numeric: str = "",
    unseen: str = "",
) -> SafeString:
    """A table that scrolls by keyboard, its heads given in order; inside are its rows.

    `labelledby`: the id of its heading, or `label`: its name. `cards`: rows become cards on a narrow screen, so that
    every cell needs its `data-label`. `numeric` and `unseen`: the places of heads, counted from 1 ("2 3"), that stand
    over numbers, or that only screen readers need.
    """
    name = format_html('aria-labelledby="{}"', labelledby) if labelledby else format_html('aria-label="{}"', label)
    cells = ((_head(head, str(place), numeric.split(), unseen.split()),) for place, head in enumerate(heads, start=1))
    return format_html(
        '<div class="table-scroll{}" tabindex="0" role="group" {}><table class="table">'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>",
        " table-cards" if cards else "",
        name,
        format_html_join("", "{}", cells),
        content,
    )


def _head(head: str, place: str, numeric: list[str], unseen: list[str]) -> SafeString:
    if place in unseen:
        return format_html('<th scope="col" class="fit"><span class="visually-hidden">{}</span></th>', head)
    if place in numeric:
        return format_html('<th scope="col" class="num">{}</th>', head)
    return format_html('<th scope="col">{}</th>', head)


@register.filter
def over(moments: Iterable[Any]) -> list[Any]:
    """The moments of a timeline that are done."""
    return [moment for moment in moments if getattr(moment, "state", "") == "done"]


@register.filter
def not_over(moments: Iterable[Any]) -> list[Any]:
    """The moments of a timeline that are now or still to come."""
    return [moment for moment in moments if getattr(moment, "state", "") != "done"]


@register.filter
def coming_first(moments: Iterable[Any]) -> Any:
    """The first moment that is still to come, or None."""
    return next((moment for moment in moments if getattr(moment, "state", "") == "next"), None)

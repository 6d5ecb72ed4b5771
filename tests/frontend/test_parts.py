"""Parts of pages that are written with arguments: what they draw, and that names from outside stay text."""

from typing import Any

import pytest
from django.template import TemplateSyntaxError, engines
from django.test import override_settings
from django.urls import NoReverseMatch


def drawn(source: str, **context: Any) -> str:
    with override_settings(ROOT_URLCONF="tests.frontend.urls"):
        return engines["django"].from_string("{% load parts %}" + source).render(context)


def test_a_breadcrumb_leads_to_the_pages_above_and_names_this_one() -> None:
    html = drawn('{% breadcrumb here %}{% crumb above "home" %}{% endbreadcrumb %}', above="<Nord>", here="A & B")
    assert '<li class="breadcrumb-item"><a href="/">&lt;Nord&gt;</a></li>' in html
    assert html.count("<nav") == 1 and 'aria-label="Breadcrumb"' in html
    assert html.endswith('<li class="breadcrumb-item active" aria-current="page">A &amp; B</li></ol></nav>')


def test_a_crumb_to_nowhere_is_an_error() -> None:
    with pytest.raises(NoReverseMatch):
        drawn('{% breadcrumb "x" %}{% crumb "y" "no-such-route" %}{% endbreadcrumb %}')


def test_a_table_has_its_heads_its_name_and_its_rows() -> None:
    html = drawn(
        '{% table "Team" "Score" "Actions" labelledby="teams" numeric="2" unseen="3" %}'
        "{% for n in rows %}<tr><td>{{ n }}</td></tr>{% endfor %}{% endtable %}",
        rows=["<b>", 2],
    )
    assert '<div class="table-scroll table-cards" tabindex="0" role="group" aria-labelledby="teams">' in html
    assert '<th scope="col">Team</th><th scope="col" class="num">Score</th>' in html
    assert '<th scope="col" class="fit"><span class="visually-hidden">Actions</span></th></tr></thead>' in html
    assert "<tbody><tr><td>&lt;b&gt;</td></tr><tr><td>2</td></tr></tbody></table></div>" in html


def test_a_table_without_a_heading_has_a_label_and_may_keep_its_rows() -> None:
    html = drawn("{% table head label=name cards=False %}{% endtable %}", head="<i>", name='"quoted"')
    assert '<div class="table-scroll" tabindex="0" role="group" aria-label="&quot;quoted&quot;">' in html
    assert '<th scope="col">&lt;i&gt;</th>' in html


def test_a_part_that_is_not_closed_is_an_error() -> None:
    with pytest.raises(TemplateSyntaxError):
        drawn('{% table "Team" label="x" %}')

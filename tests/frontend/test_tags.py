"""The tags of the design language say the same to eyes, to screen readers and in both languages."""

import datetime as dt

import pytest
from django import forms
from django.template import engines
from django.utils import translation

from core.templatetags import ui


class Form(forms.Form):
    name = forms.CharField(help_text="As on the door.")
    note = forms.CharField(required=False)
    kind = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect)
    agree = forms.BooleanField()
    secret = forms.CharField(widget=forms.HiddenInput)


def test_a_state_is_an_icon_and_a_word() -> None:
    html = ui.state("refused")
    assert "tone-bad" in html
    assert "#x-octagon" in html
    assert "Refused" in html


def test_a_state_nobody_has_drawn_keeps_its_own_word_and_is_escaped() -> None:
    assert "Half done" in ui.state("half_done")
    assert "<b>" not in ui.state("<b>")


def test_a_field_ties_label_help_and_errors_to_its_control() -> None:
    form = Form({"name": ""})
    html = ui.field(form["name"])
    assert '<label for="id_name">' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'aria-invalid="true"' in html


def test_optional_fields_say_so_and_groups_have_a_legend() -> None:
    form = Form()
    assert "(optional)" in ui.field(form["note"])
    assert "(optional)" not in ui.field(form["name"])
    assert "<legend>" in ui.field(form["kind"])
    assert "form-check-input" in ui.field(form["agree"])
    assert "<label" not in ui.field(form["secret"])


def test_a_moment_always_says_its_zone(settings: object) -> None:
    moment = dt.datetime(2019, 10, 13, 7, 0, tzinfo=dt.UTC)
    assert "13 Oct 2019, 09:00 CEST" in ui.when(moment)
    assert 'datetime="2019-10-13T09:00:00+02:00"' in ui.when(moment)
    assert ui.when(None) == "–"


def test_months_are_written_as_the_language_writes_them() -> None:
    with translation.override("fr"):
        assert "13 oct. 2019, 09:00 CEST" in ui.when(dt.datetime(2019, 10, 13, 7, 0, tzinfo=dt.UTC))
        assert "21 nov. 2026, 08:30:42 CET" in ui.when(
            dt.datetime(2026, 11, 21, 7, 30, 42, tzinfo=dt.UTC), seconds=True
        )
        assert "5 mai 2019" in ui.when(dt.date(2019, 5, 5))
        assert "13 oct. 2019, 09:00" in ui.countdown(dt.datetime(2019, 10, 13, 7, 0, tzinfo=dt.UTC))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_numbers_in_attributes_are_never_localised(language: str) -> None:
    with translation.override(language):
        bar = ui.meter(0.5, 2.5)
        axis = ui.interval(0.875, 0.8, 0.95, 0.5, 1.0)
    assert 'max="2.5" value="0.5"' in bar
    assert 'x="60.0"' in axis
    assert 'width="30.0"' in axis


def test_progress_over_the_target_stays_inside_its_bar() -> None:
    html = ui.meter(1200, 1000)
    assert 'max="1000" value="1000"' in html
    assert "1200" in html


def test_a_mark_stands_between_the_items_of_a_loop_only() -> None:
    page = engines["django"].from_string('{% load ui %}{% for n in "abc" %}{{ n }}{% between ", " %}{% endfor %}.')
    assert page.render() == "a, b, c."

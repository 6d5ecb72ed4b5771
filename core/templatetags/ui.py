"""The small template tags of the design language: icons, states, words, fields, meters, moments (docs/design.md)."""

import datetime as dt
from typing import Any

from django import forms, template
from django.forms import BoundField
from django.template import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, pgettext

from core.days import day_format
from core.looks import GRADE_TONES, MOVING, look_of
from core.models import AuditRecord
from core.vocabulary import deed_word, stage_word, subject_word
from core.words import labelled

BYTES = ("B", "kB", "MB", "GB", "TB")

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite. Without `label` it is decoration, hidden from screen readers."""
    sprite = static("dist/icons.svg")
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}#{}"></use></svg>', label, sprite, name
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', sprite, name)


@register.simple_tag
def state(name: Any, word: str = "", plain: bool = False) -> SafeString:
    """The look of a state: `{% state exam.state %}`; `word` says something more exact under the same look."""
    look = look_of(name)
    classes = f"state tone-{look.tone}"
    if plain:
        classes += " state-plain"
    if str(name) in MOVING:
        classes += " state-moving"
    return format_html('<span class="{}">{}{}</span>', classes, icon(look.icon), word or look.word)


@register.simple_tag
def state_word(name: Any) -> str:
    """The word of a state alone, for the options of a list."""
    return str(look_of(name).word)


@register.simple_tag
def colon() -> str:
    """The colon between a name and its value, with the space before it that French asks for, and the one after it."""
    return labelled("", "")


@register.simple_tag(takes_context=True)
def between(context: Context, mark: str) -> str:
    """Inside a loop: the mark after every item but the last, `{% between ", " %}`."""
    return "" if context["forloop"]["last"] else mark


@register.filter
def stage(name: str) -> str:
    """The word of a stage: `{{ work.stage|stage }}`."""
    return stage_word(name)


@register.filter
def deed(record: AuditRecord) -> str:
    """What an audit record says was done, in the reader's language."""
    return deed_word(record.verb, record.subject_kind)


@register.filter
def subject(record: AuditRecord) -> str:
    """What an audit record is about: kind and identifier."""
    return f"{subject_word(record.subject_kind)} {record.subject_id}"


@register.simple_tag
def grade(letter: str) -> SafeString:
    """The chip of a grade A to D, or a dash where there is none yet."""
    if letter not in GRADE_TONES:
        return format_html(
            '<span class="text-muted" role="img" aria-label="{}">–</span>', pgettext("reading", "not graded")
        )
    return format_html(
        '<span class="grade tone-{}" role="img" aria-label="{}">{}</span>',
        GRADE_TONES[letter],
        gettext("Grade %(letter)s") % {"letter": letter},
        letter,
    )


@register.simple_tag
def field(bound: BoundField, label: str = "") -> SafeString:
    """One field of a form: label, control, help, errors, tied together for screen readers (Django sets aria-describedby)."""
    widget = bound.field.widget
    if widget.is_hidden:
        return mark_safe(f"{bound.errors}{bound}")  # noqa: S308 - both are rendered and escaped by Django
    help_text = _help(bound)
    errors = _errors(bound)
    words = label or bound.label
    if isinstance(widget, forms.CheckboxInput):
        control = _control(bound, "form-check-input")
        return format_html(
            '<div class="field field-check">{}<label for="{}">{}</label>{}{}</div>',
            control,
            bound.id_for_label,
            words,
            help_text,
            errors,
        )
    shown_for = bound.field.widget.attrs.get("data-shown-for", "")  # the choices of another field that need this one
    optional = (
        ""
        if bound.field.required
        or bound.field.widget.attrs.get("data-needed")
        or not getattr(bound.form, "says_optional", True)
        else format_html(' <span class="optional">({})</span>', pgettext("field", "optional"))
    )
    if bound.use_fieldset:
        # A group of choices is named by its legend, the way screen readers announce it.
        return format_html(
            '<fieldset class="field field-choices"><legend>{}{}</legend>{}{}{}</fieldset>',
            words,
            optional,
            bound,
            help_text,
            errors,
        )
    classes = "form-select" if isinstance(widget, forms.Select) else "form-control"
    return format_html(
        '<div class="field"{}><label for="{}">{}{}</label>{}{}{}</div>',
        format_html(' data-shown-for="{}"', shown_for) if shown_for else "",
        bound.id_for_label,
        words,
        optional,
        _control(bound, classes),
        help_text,
        errors,
    )


@register.simple_tag
def fields(form: forms.BaseForm) -> SafeString:
    """Every field of a form in order, after the errors of the form as a whole."""
    whole = [form_errors(form)]
    return mark_safe("".join([*whole, *(field(bound) for bound in form)]))  # noqa: S308 - parts are escaped above


@register.simple_tag
def form_errors(form: forms.BaseForm) -> SafeString:
    """The errors that belong to no single field, as one message."""
    errors = form.non_field_errors()
    if not errors:
        return SafeString("")
    items = format_html_join("", "<p>{}</p>", ((error,) for error in errors))
    return format_html(
        '<div class="message tone-bad mb-3" role="alert">{}<div class="message-body">{}</div></div>',
        icon("exclamation-triangle"),
        items,
    )


@register.simple_tag
def meter(value: float, most: float, label: str = "", tone: str = "accent", note: str = "") -> SafeString:
    """A progress bar with its numbers in words: `{% meter centre.kept 1000 label=_("Exams") %}`."""
    top = most or 1
    share = max(0, min(100, round(100 * value / top)))
    numbers = gettext("%(value)s of %(most)s (%(share)s %%)") % {
        "value": number_format(value),
        "most": number_format(most),
        "share": share,
    }
    below = format_html('<span class="meter-note">{}</span>', note) if note else ""
    return format_html(
        '<div class="meter tone-{}"><span class="meter-line"><span>{}</span><span>{}</span></span>'
        '<progress max="{}" value="{}" aria-label="{}"></progress>{}</div>',
        tone,
        label,
        numbers,
        _plain(top),
        _plain(min(value, top)),
        label or numbers,
        below,
    )


@register.simple_tag
def when(moment: dt.datetime | dt.date | None, empty: str = "–", seconds: bool = False) -> SafeString | str:
    """A moment in the site's zone, the zone always said: 13 Oct 2019, 09:00 CEST."""
    if moment is None:
        return empty
    if not isinstance(moment, dt.datetime):
        return format_html('<time datetime="{}">{}</time>', moment.isoformat(), date_format(moment, day_format()))
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    words = date_format(local, f"{day_format()}, H:i:s" if seconds else f"{day_format()}, H:i")
    return format_html('<time datetime="{}">{} {}</time>', local.isoformat(), words, local.strftime("%Z"))


@register.filter(name="bytes")
def size_of_file(count: int) -> str:
    """1536000 -> "1.5 MB", in steps of 1000, as the upload page says it (frontend/upload/pace.js)."""
    value, unit = float(count), "B"
    for unit in BYTES:
        if value < 1000 or unit == BYTES[-1]:
            break
        value /= 1000
    digits = 1 if value < 10 and unit != "B" and round(value, 1) % 1 else 0
    return f"{number_format(value, digits)}\N{NO-BREAK SPACE}{unit}"


@register.simple_tag
def countdown(moment: dt.datetime) -> SafeString:
    """Time left until a moment; the page keeps it running, the moment itself stays readable without script."""
    return format_html(
        '<time class="countdown" datetime="{}" data-countdown data-over="{}">{}</time>',
        moment.isoformat(),
        gettext("Closed"),
        date_format(timezone.localtime(moment), f"{day_format()}, H:i"),
    )


@register.simple_tag
def interval(value: float, low: float, high: float, least: float = 0.0, most: float = 1.0) -> SafeString:
    """A score with its interval on a common axis, as an SVG that needs no inline style."""
    span = (most - least) or 1.0

    def place(number: float) -> float:
        return round(max(0.0, min(100.0, 100 * (number - least) / span)), 2)

    words = gettext("%(value)s, interval %(low)s to %(high)s") % {
        "value": number_format(value),
        "low": number_format(low),
        "high": number_format(high),
    }
    return format_html(
        '<svg class="interval" role="img" aria-label="{}" viewBox="0 0 100 10" preserveAspectRatio="none">'
        '<line class="axis" x1="0" y1="5" x2="100" y2="5"></line>'
        '<rect class="range" x="{}" y="2.5" width="{}" height="5" rx="1"></rect>'
        '<rect class="point" x="{}" y="1" width="1.4" height="8"></rect></svg>',
        words,
        place(low),
        max(0.5, round(place(high) - place(low), 2)),
        max(0.0, place(value) - 0.7),
    )


def _control(bound: BoundField, classes: str) -> SafeString:
    own = bound.field.widget.attrs.get("class", "")
    return bound.as_widget(attrs={"class": f"{classes} {own}".strip()})


def _help(bound: BoundField) -> SafeString | str:
    if not bound.help_text:
        return ""
    # Help texts are written by us and may hold markup, as Django's own rendering lets them.
    return format_html(
        '<div class="form-text" id="{}_helptext">{}</div>',
        bound.auto_id,
        mark_safe(bound.help_text),  # noqa: S308
    )


def _errors(bound: BoundField) -> SafeString | str:
    if not bound.errors:
        return ""
    sign = icon("exclamation-circle")
    items = format_html_join("", "<li>{}<span>{}</span></li>", ((sign, error) for error in bound.errors))
    return format_html('<ul class="field-errors" id="{}_error">{}</ul>', bound.auto_id, items)


def _plain(number: float) -> str:
    """A number for an attribute: never localised, so 0,5 cannot end up in a value."""
    return f"{number:g}" if isinstance(number, float) else str(number)

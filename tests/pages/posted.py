"""What a browser posts of a form that nobody touched."""

from __future__ import annotations

from django import forms
from django.http import QueryDict

from pages.drafting.steps import StepForms


def as_posted(step: StepForms) -> QueryDict:
    """Every field of the step with the value that the page shows."""
    posted = QueryDict(mutable=True)
    for form in [*(form for rows in step.rows for form in rows.forms), *step.forms]:
        for bound in form:
            widget, value = bound.field.widget, bound.initial
            if isinstance(widget, forms.CheckboxInput):
                if value:
                    posted[bound.html_name] = "on"
            elif isinstance(widget, forms.CheckboxSelectMultiple):
                posted.setlist(bound.html_name, [str(item) for item in value or []])
            else:
                shown = value if isinstance(widget, forms.Select) else widget.format_value(value)
                posted[bound.html_name] = "" if shown is None else str(shown)
    return posted

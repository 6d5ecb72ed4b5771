"""What a centre sends for one exam, in words and as fields of a form, from the question's file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from challenges.question_words import column_words, number, unit_words
from challenges.spec import FieldSpec, QuestionSpec

SCALARS = ("number", "integer", "category", "boolean", "date", "text")


def asked_for(spec: QuestionSpec) -> list[dict[str, Any]]:
    """Images, masks and tables: {title, how, required}, in the order of the file."""
    language = get_language() or "en"
    several = len(spec.data.images) > 1
    asked = []
    for image in spec.data.images.values():
        kind = " / ".join(f"{count}D" for count in image.dimensions)
        how = gettext("DICOM, %(modality)s, %(kind)s") % {"modality": ", ".join(image.modality), "kind": kind}
        if several:
            how += ". " + gettext("In a folder called “%(name)s”.") % {"name": image.name}
        asked.append({"title": capfirst(image.title.says(language)), "how": how, "required": image.required})
    for field in spec.data.fields.values():
        if field.derive is not None or field.type not in ("mask", "table"):
            continue
        if field.type == "mask":
            how = gettext("A mask on the image's own grid, as %(name)s.nii.gz, .seg.nrrd, .png or DICOM SEG.")
            how %= {"name": field.name}
        else:
            how = gettext("A table %(name)s.csv or .xlsx with the columns %(columns)s.")
            how %= {"name": field.name, "columns": ", ".join(column_words(one) for one in field.columns.values())}
        asked.append({"title": field.title.says(language), "how": how, "required": field.required})
    return asked


def scalar_fields(spec: QuestionSpec) -> list[FieldSpec]:
    """Clinical values that a person types; what is measured on a mask or derived is not asked."""
    return [
        field
        for field in spec.data.fields.values()
        if field.type in SCALARS and field.derive is None and not field.measured_from
    ]


def values_form(spec: QuestionSpec) -> forms.Form:
    """One input a clinical value, called `values.<field>`, that the upload script sends along."""
    form = forms.Form()
    for field in scalar_fields(spec):
        form.fields[f"values.{field.name}"] = _input(field)
    return form


def _input(field: FieldSpec) -> forms.Field:
    title = field.title.says(get_language() or "en")
    unit = unit_words(field.unit)
    label = f"{title} ({unit})" if unit else title
    attrs: dict[str, Any] = {"data-upload-field": True}
    if field.type in ("number", "integer"):
        attrs["inputmode"] = "numeric" if field.type == "integer" else "decimal"
        return forms.CharField(
            label=label, required=False, help_text=_range(field), widget=forms.TextInput(attrs=attrs)
        )
    if field.type == "date":
        shift = _("Shifted like every date of the patient before anybody else reads it.")
        return forms.CharField(
            label=label, required=False, help_text=shift, widget=forms.DateInput(attrs={**attrs, "type": "date"})
        )
    if field.type in ("category", "boolean"):
        choices = [("1", _("yes")), ("0", _("no"))] if field.type == "boolean" else [(v, v) for v in field.allowed]
        return forms.ChoiceField(
            label=label, required=False, choices=[("", "–"), *choices], widget=forms.Select(attrs=attrs)
        )
    return forms.CharField(label=label, required=False, max_length=400, widget=forms.TextInput(attrs=attrs))


def _range(field: FieldSpec) -> str:
    if field.allowed:
        return gettext("One of: %(values)s.") % {"values": ", ".join(field.allowed)}
    if field.min is not None and field.max is not None:
        return gettext("From %(low)s to %(high)s.") % {"low": number(field.min), "high": number(field.max)}
    return ""

"""What a centre sends for one exam, in words and as fields of a form, from the question's file."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from challenges.question_words import column_words, number, unit_words
from concours.questions.required import required_fields
from concours.questions.schema import FieldSpec, QuestionSpec

SCALARS = ("number", "integer", "category", "boolean", "date", "text")


@dataclass(frozen=True)
class ExamPart:
    """One thing that makes an exam, and how it is sent."""

    title: str
    how: str
    required: bool


def exam_parts(spec: QuestionSpec) -> list[ExamPart]:
    """Images, masks and tables, in the order of the file."""
    language = get_language() or "en"
    required = required_fields(spec)
    several = len(spec.data.images) > 1
    parts = []
    for image in spec.data.images.values():
        kind = " / ".join(f"{count}D" for count in image.dimensions)
        how = gettext("DICOM, %(modality)s, %(kind)s") % {"modality": ", ".join(image.modality), "kind": kind}
        if several:
            how += ". " + gettext("In a folder named “%(name)s”.") % {"name": image.name}
        parts.append(ExamPart(capfirst(image.title.says(language)), how, image.required))
    if not spec.data.images:
        parts += _cases(spec, language, required)
    for field in spec.data.fields.values():
        if field.derive is not None or field.type not in ("mask", "table"):
            continue
        if field.type == "mask":
            how = gettext(
                "A mask on the grid of the image, as %(name)s.nii.gz, .seg.nrrd, .png, DICOM SEG or RTSTRUCT."
            )
            how %= {"name": field.name}
        else:
            how = gettext("A table %(name)s.csv or .xlsx with the columns %(columns)s.")
            how %= {"name": field.name, "columns": ", ".join(column_words(column) for column in field.columns.values())}
        parts.append(ExamPart(field.title.says(language), how, field.name in required))
    return parts


def _cases(spec: QuestionSpec, language: str, required: tuple[str, ...]) -> list[ExamPart]:
    """What makes an exam where there are no images: a row of a table, a text file."""
    fields = scalar_fields(spec)
    optional = [field.name for field in fields if field.name not in required]
    how = gettext("A table (CSV, XLSX or JSON) with one row per exam and the columns %(columns)s.")
    how %= {"columns": ", ".join([spec.data.patient, *(field.name for field in fields)])}
    if optional:
        how += " " + gettext("These may be empty: %(columns)s.") % {"columns": ", ".join(optional)}
    how += " " + gettext("“%(column)s” is the patient's number: it never leaves the platform.") % {
        "column": spec.data.patient
    }
    parts = [ExamPart(gettext("Table"), how, True)]
    for field in fields:
        if field.type == "text":
            how = gettext("In the table, or as one text file per exam named after the patient's number (.txt).")
            parts.append(ExamPart(field.title.says(language), how, field.name in required))
    return parts


def scalar_fields(spec: QuestionSpec) -> list[FieldSpec]:
    """Clinical values that a person types; what is measured on a mask or derived is not asked."""
    return [
        field
        for field in spec.data.fields.values()
        if field.type in SCALARS and field.derive is None and not field.measured_from
    ]


def values_form(spec: QuestionSpec) -> forms.Form:
    """One input per clinical value, called `values.<field>`, that the upload script sends along."""
    form = forms.Form(use_required_attribute=False)  # a table in the exam's folder may hold it instead
    needed = required_fields(spec)
    for field in scalar_fields(spec):
        if field.type == "text" and not spec.data.images:
            continue  # a text is an exam of its own, not a value that several share
        form.fields[f"values.{field.name}"] = value_input(field, needed=field.name in needed)
    return form


def value_input(field: FieldSpec, *, needed: bool) -> forms.Field:
    """The input of one clinical value: its title with the unit, its range, its choices."""
    title = field.title.says(get_language() or "en")
    unit = unit_words(field.unit)
    label = f"{title} ({unit})" if unit else title
    attrs: dict[str, str | bool] = {"data-upload-field": True}
    if needed:
        attrs |= {"data-needed": True, "aria-required": "true"}
    if field.type in ("number", "integer"):
        attrs["inputmode"] = "numeric" if field.type == "integer" else "decimal"
        return forms.CharField(
            label=label, required=needed, help_text=_range(field), widget=forms.TextInput(attrs=attrs)
        )
    if field.type == "date":
        shift = _("Shifted with the patient's other dates before anyone else can see it.")
        return forms.CharField(
            label=label, required=needed, help_text=shift, widget=forms.DateInput(attrs={**attrs, "type": "date"})
        )
    if field.type in ("category", "boolean"):
        choices = [("1", _("yes")), ("0", _("no"))] if field.type == "boolean" else [(v, v) for v in field.allowed]
        return forms.ChoiceField(
            label=label, required=needed, choices=[("", "–"), *choices], widget=forms.Select(attrs=attrs)
        )
    return forms.CharField(label=label, required=needed, max_length=400, widget=forms.TextInput(attrs=attrs))


def _range(field: FieldSpec) -> str:
    if field.allowed:
        return gettext("One of: %(values)s.") % {"values": ", ".join(field.allowed)}
    if field.min is not None and field.max is not None:
        return gettext("From %(low)s to %(high)s.") % {"low": number(field.min), "high": number(field.max)}
    return ""

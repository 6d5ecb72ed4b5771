"""The step about what centres send beside the images, which is the truth that submissions are compared with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from concours.questions.editing import Change, value_at
from pages.drafting.places import FilePlace, Listed, PlacedForm
from pages.drafting.rows import RowForm

TYPES = [
    ("boolean", _("yes or no")),
    ("category", _("one of several values")),
    ("number", _("a number")),
    ("integer", _("a whole number")),
    ("mask", _("a mask drawn on an image")),
    ("date", _("a date")),
    ("text", _("a text")),
    ("table", _("a table with rows (its columns: in the file)")),
]


class FieldRowForm(RowForm):
    """One field. What a table's columns are stands in the file alone."""

    ROWS = ("data", "fields")
    TITLE = _("What centres send beside the images")
    NEW = _("Another field")
    PLACES = {
        "type": FilePlace(("type",), "boolean"),
        "of": FilePlace(("of",), ""),
        "unit": FilePlace(("unit",), ""),
        "min": FilePlace(("min",)),
        "max": FilePlace(("max",)),
        "allowed": Listed(("allowed",)),
        "values": Listed(("values",)),
        "required": FilePlace(("required",), True),
    }
    WORDS = {"title": ("title",)}

    title_en = forms.CharField(label=_("Title in English"), max_length=80, required=False)
    title_fr = forms.CharField(label=_("Title in French"), max_length=80, required=False)
    type = forms.ChoiceField(label=_("What it is"), choices=TYPES)
    of = forms.ChoiceField(label=_("Drawn on"), required=False)
    unit = forms.CharField(label=_("Unit"), max_length=20, required=False)
    min = forms.FloatField(label=_("Smallest value"), required=False)
    max = forms.FloatField(label=_("Greatest value"), required=False)
    allowed = forms.CharField(
        label=_("Values to choose from"), required=False, help_text=_("Separated by commas, as in 0, 1, 2.")
    )
    values = forms.CharField(
        label=_("Values of the mask"), required=False, help_text=_("0 is the background, as in 0, 1.")
    )
    required = forms.BooleanField(label=_("Every exam has it"), required=False, initial=True)
    training = forms.BooleanField(label=_("Teams receive it with the training and validation sets"), required=False)
    evaluation = forms.BooleanField(label=_("Teams receive it with the evaluation set"), required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        images = value_at(self.document, ("data", "images")) or {}
        chooser = self.fields["of"]
        assert isinstance(chooser, forms.ChoiceField)
        chooser.choices = [("", "–"), *((name, name) for name in images)]
        for batch in ("training", "evaluation"):
            delivered = value_at(self.document, ("data", "deliver", batch)) or []
            self.initial[batch] = str(self.key) in map(str, delivered if isinstance(delivered, list) else [delivered])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("type") == "mask" and self.key is None and not cleaned.get("of") and self.has_changed():
            self.add_error("of", forms.ValidationError(_("Choose the image on which the mask is drawn.")))
        return cleaned

    def row_changes(self) -> Iterator[Change]:
        if self.key is None and self.cleaned_data.get("type"):  # of a new row the type is always written
            yield Change((*self.at, "type"), self.cleaned_data["type"])
        yield from self.changes()


def delivered(rows: list[RowForm], keys: dict[int, str]) -> Iterator[Change]:
    """The lists of what teams receive, as the rows are ticked. `keys`: the keys that new rows were given, by their place."""
    values = rows[0].document if rows else {}
    for batch in ("training", "evaluation"):
        before = value_at(values, ("data", "deliver", batch)) or []
        before = [str(name) for name in (before if isinstance(before, list) else [before])]
        after = list(before)
        for place, form in enumerate(rows):
            key = str(form.key) if form.key is not None else keys.get(place, "")
            ticked = bool(form.cleaned_data.get(batch)) and not form.cleaned_data.get("gone")
            if key and ticked and key not in after:
                after.append(key)
            elif key in after and not ticked:
                after.remove(key)
        if after != before:
            yield Change(("data", "deliver", batch), after)


class ReadersForm(PlacedForm):
    """How radiologists grade the quality of exams."""

    PLACES = {"readers": FilePlace(("grading", "readers"), 1)}

    readers = forms.IntegerField(
        label=_("Radiologists who grade each exam"),
        min_value=0,
        max_value=50,
        help_text=_("0: an exam that meets the criteria is kept without grading."),
    )

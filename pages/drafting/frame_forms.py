"""The steps about words, images and criteria."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from concours.questions.editing import Change, value_at
from concours.questions.schema.nouns import DELIVERY_FORMATS
from pages.drafting.places import FilePlace, PlacedForm, Present, Several
from pages.drafting.rows import RowForm

MODALITIES = [
    ("CT", _("CT")),
    ("MR", _("MRI")),
    ("CR", _("Radiograph (CR)")),
    ("DX", _("Radiograph (DX)")),
    ("MG", _("Mammography")),
    ("US", _("Ultrasound")),
    ("PT", _("PET")),
    ("NM", _("Scintigraphy")),
    ("XA", _("Angiography")),
]
DIMENSIONS = [("2", _("single slices or flat images")), ("3", _("volumes"))]
FORMATS = {
    "dicom": _("DICOM, as acquired"),
    "nifti": _("NIfTI, one file per image"),
    "numpy": _("NumPy arrays"),
    "table": _("a table alone"),
    "text": _("texts"),
}


class WordsForm(PlacedForm):
    """What everybody reads of the question."""

    PLACES = {"slug": FilePlace(("slug",), ""), "source": FilePlace(("source",), "")}
    WORDS = {"title": ("title",), "summary": ("summary",)}

    title_en = forms.CharField(label=_("Title in English"), max_length=120)
    title_fr = forms.CharField(label=_("Title in French"), max_length=120, required=False)
    summary_en = forms.CharField(
        label=_("The task in English"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    summary_fr = forms.CharField(
        label=_("The task in French"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    slug = forms.SlugField(
        label=_("Short name"), max_length=50, help_text=_("Used in addresses: lower-case letters, digits and hyphens.")
    )
    source = forms.CharField(
        label=_("Source"), max_length=200, required=False, help_text=_("An article or edition to cite.")
    )


class ImageRowForm(RowForm):
    """One image of an exam."""

    ROWS = ("data", "images")
    TITLE = _("Images of an exam")
    NEW = _("Another image")
    PLACES = {
        "modality": Several(("modality",)),
        "dimensions": Several(("dimensions",), (2, 3)),
        "required": FilePlace(("required",), True),
    }
    WORDS = {"title": ("title",)}

    title_en = forms.CharField(label=_("Title in English"), max_length=80, required=False)
    title_fr = forms.CharField(label=_("Title in French"), max_length=80, required=False)
    modality = forms.MultipleChoiceField(
        label=_("Modality"), choices=MODALITIES, widget=forms.CheckboxSelectMultiple, required=False
    )
    dimensions = forms.MultipleChoiceField(
        label=_("Kind of image"), choices=DIMENSIONS, widget=forms.CheckboxSelectMultiple, required=False
    )
    required = forms.BooleanField(label=_("Every exam has it"), required=False, initial=True)


class CriteriaForm(PlacedForm):
    """The usual criteria; others stay as the file has them."""

    PLACES = {
        "orientation": Several(("inclusion", "orientation", "allowed")),
        "contrast": Several(("inclusion", "contrast", "allowed")),
        "kernel": Several(("inclusion", "kernel", "allowed")),
        "thinnest": FilePlace(("inclusion", "slice_thickness", "min")),
        "thickest": FilePlace(("inclusion", "slice_thickness", "max")),
        "fewest": FilePlace(("inclusion", "slice_count", "min")),
        "most": FilePlace(("inclusion", "slice_count", "max")),
        "complete": Present(("inclusion", "slice_spacing")),
        "hounsfield": Present(("inclusion", "hounsfield")),
        "pixels": Present(("inclusion", "pixels")),
        "format": FilePlace(("data", "deliver", "format"), "dicom"),
        "exams": FilePlace(("target", "exams")),
        "margin": FilePlace(("target", "margin")),
    }

    orientation = forms.MultipleChoiceField(
        label=_("Planes"),
        choices=[
            ("axial", _("axial")),
            ("coronal", _("coronal")),
            ("sagittal", _("sagittal")),
            ("oblique", _("oblique")),
        ],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    contrast = forms.MultipleChoiceField(
        label=_("Contrast agent"),
        choices=[("with", pgettext_lazy("contrast", "with")), ("without", pgettext_lazy("contrast", "without"))],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    kernel = forms.MultipleChoiceField(
        label=_("Reconstruction kernel"),
        choices=[("soft", _("soft")), ("hard", _("hard"))],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    thinnest = forms.FloatField(label=_("Thinnest slice (mm)"), required=False, min_value=0)
    thickest = forms.FloatField(label=_("Thickest slice (mm)"), required=False, min_value=0)
    fewest = forms.IntegerField(label=_("Fewest slices"), required=False, min_value=1)
    most = forms.IntegerField(label=_("Most slices"), required=False, min_value=1)
    complete = forms.BooleanField(label=_("No slice is missing or doubled"), required=False)
    hounsfield = forms.BooleanField(label=_("CT values are Hounsfield units"), required=False)
    pixels = forms.BooleanField(label=_("Images are neither blank nor saturated"), required=False)
    format = forms.ChoiceField(label=_("Teams receive"), choices=[(name, FORMATS[name]) for name in DELIVERY_FORMATS])
    exams = forms.IntegerField(label=_("Exams to collect"), required=False, min_value=1)
    margin = forms.FloatField(
        label=_("Margin"),
        required=False,
        min_value=0,
        max_value=1,
        help_text=_("Share to collect beyond, for exams that are refused: 0.1 is 10 %."),
    )


def criteria_that_follow(values: Mapping[str, Any], rows: list[RowForm]) -> Iterator[Change]:
    """The criteria on modality and dimensions say what the images say, where they said so before."""
    images = [
        form for form in rows if not form.cleaned_data.get("gone") and (form.key is not None or form.has_changed())
    ]
    for field, criterion, key in (("modality", "modality", "allowed"), ("dimensions", "dimensions", "value")):
        place = ("inclusion", criterion, key)
        current = value_at(values, place)
        old = _all(form.initial.get(field) for form in rows if form.key is not None)
        new = _all(form.cleaned_data.get(field) for form in images)
        if current is None or old == new or [str(item) for item in _items(current)] != old or not new:
            continue
        if field == "modality":
            yield Change(place, new)
        elif len(new) == 1:
            yield Change(place, int(new[0]))


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _all(lists: Any) -> list[str]:
    """Every value of the lists once, in their order."""
    return list(dict.fromkeys(str(item) for items in lists for item in items or ()))

"""Inclusion criteria in words: their values are codes in a question file (`flair_2d_axial`) and terms of the field on pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from challenges.field_titles import field_titles
from challenges.question_words import number, range_words
from concours import inclusion
from concours.inclusion.parameter import Parameter
from concours.questions.schema import CriterionSpec, QuestionSpec
from core.words import labelled, say, separated

CHOICES: Mapping[str, str | Promise] = {
    "soft": _("soft"),
    "hard": _("hard"),
    "axial": _("axial"),
    "sagittal": _("sagittal"),
    "coronal": _("coronal"),
    "oblique": _("oblique"),
    "with": _("with"),
    "without": _("without"),
    "flair": "FLAIR",
    "flair_3d": _("3D FLAIR"),
    "flair_2d_axial": _("2D axial FLAIR"),
    "t1": "T1",
    "t2": "T2",
    "t2_fatsat": _("T2 with fat saturation"),
    "stir": "STIR",
    "other": pgettext_lazy("sequence", "other"),
    "late_arterial": _("late arterial"),
    "portal_venous": _("portal venous"),
    "edss": _("EDSS score"),
    "age": _("years, from 0 to 120"),
    "sex": _("F, M or O"),
    "CHEST": _("chest"),
    "ABDOMEN": _("abdomen"),
    "PELVIS": _("pelvis"),
    "BRAIN": _("brain"),
    "SPINE": _("spine"),
    "KNEE": _("knee"),
    "NECK": _("neck"),
    "BREAST": _("breast"),
    "KIDNEY": _("kidney"),
    "HIP": _("hip"),
    "WHOLEBODY": _("whole body"),
    "dicom": "DICOM",
    "nifti": "NIfTI",
    "numpy": "NumPy",
    "table": pgettext_lazy("delivery", "table"),
    "text": pgettext_lazy("delivery", "text"),
}
"""Every code that a criterion's parameter may take."""

LIMITS: Mapping[str, str | Promise] = {
    "scales": _("scale"),
    "min_voxels": _("smallest number of voxels"),
    "tolerance": _("tolerance"),
    "tilt": _("largest tilt"),
    "image": pgettext_lazy("criterion", "image"),
    "low": _("first percentile below"),
    "high": _("99th percentile at most"),
    "noise": _("largest noise"),
    "signal_to_noise": _("smallest signal-to-noise ratio"),
    "ghosting": _("largest ghost-to-signal ratio"),
    "jump": _("largest difference from the neighbouring slices"),
    "saturated": _("largest share of saturated pixels"),
    "blank_ends": _("largest share of blank slices at the ends"),
    "delivery": _("delivered as"),
}
"""The parameters that need their name beside the value."""


@dataclass(frozen=True)
class CriterionWords:
    """A criterion and what it asks of an exam."""

    title: str
    asks: str


def criteria(spec: QuestionSpec) -> list[CriterionWords]:
    """Every inclusion criterion, in the order of the file."""
    titles = field_titles(spec).by_key
    return [
        CriterionWords(say(inclusion.find(criterion.name).title), _asks(criterion, titles))
        for criterion in spec.inclusion
    ]


def choice_word(code: str) -> str:
    """A code as a reader knows it; one without a word (a DICOM modality) is what it says."""
    title = CHOICES.get(code)
    return str(title) if title is not None else code.replace("_", " ")


def _asks(written: CriterionSpec, titles: Mapping[str, str]) -> str:
    """The parameters as a person says them; `titles` holds the titles of fields and images."""
    criterion = inclusion.find(written.name)
    declared = {parameter.name: parameter for parameter in criterion.parameters}
    shown = {name: _value(value, declared[name], criterion.words, titles) for name, value in written.params.items()}
    limits = {name: written.params.get(name) for name in ("min", "max", "below")}
    parts = [range_words(limits["min"], limits["max"], limits["below"], criterion.unit)]
    parts += [shown[name] for name in ("allowed", "value", "field", "fields", "images") if name in shown]
    parts += [labelled(LIMITS.get(name, name.replace("_", " ")), shown[name]) for name in shown if name in LIMITS]
    if "of" in shown:
        parts.append(gettext("for %(images)s") % {"images": shown["of"]})
    return separated(parts)


def _value(value: Any, parameter: Parameter, written: Mapping[str, str], titles: Mapping[str, str]) -> str:
    """One parameter's value: names of the question's data by their titles, codes by their words."""
    if parameter.name in written:
        return str(written[parameter.name] % value)
    if isinstance(value, Mapping):
        pairs = ((titles.get(name, name), choice_word(str(code))) for name, code in value.items())
        return ", ".join(labelled(name, code) for name, code in pairs)
    if isinstance(value, (list, tuple)):
        return ", ".join(_value(item, parameter, {}, titles) for item in value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        unit = f" {parameter.unit}" if parameter.unit else ""
        return f"{number(value)}{unit}"
    text = str(value)
    return titles.get(text, text) if parameter.refers_to else choice_word(text)

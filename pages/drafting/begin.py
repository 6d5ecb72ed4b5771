"""The first page of a new question: what is asked, on which images, with which truth."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from concours.questions.importers.writing import slug_of
from concours.questions.schema.addresses import PAGE_WORDS
from concours.questions.starting import TASKS, Start
from core.words import say
from pages.drafting.frame_forms import DIMENSIONS, MODALITIES


class BeginForm(forms.Form):
    """Answers from which a complete draft is made; every one of them can be changed later."""

    task = forms.ChoiceField(label=_("What do you ask?"), widget=forms.RadioSelect)
    title_en = forms.CharField(label=_("Title in English"), max_length=120)
    title_fr = forms.CharField(label=_("Title in French"), max_length=120, required=False)
    modality = forms.MultipleChoiceField(
        label=_("On which images?"), choices=MODALITIES, widget=forms.CheckboxSelectMultiple, initial=["CT"]
    )
    dimensions = forms.ChoiceField(label=_("Kind of image"), choices=DIMENSIONS, widget=forms.RadioSelect, initial="3")
    target_en = forms.CharField(
        label=_("What is the truth called, in English?"),
        max_length=80,
        required=False,
        help_text=_("For example: Adrenal nodule, Liver mask, Muscle surface."),
    )
    target_fr = forms.CharField(label=_("What is the truth called, in French?"), max_length=80, required=False)
    unit = forms.CharField(
        label=_("Unit"), max_length=20, required=False, help_text=_("Of a measurement: mm, mm2, ml …")
    )
    first = forms.DateField(
        label=_("Centres begin to send on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_(
            "The other dates follow: four months of inclusion, then training, validation and the final. Change them later."
        ),
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        chooser = self.fields["task"]
        assert isinstance(chooser, forms.ChoiceField)
        chooser.choices = [(task.name, f"{say(task.title)} – {say(task.example)}") for task in TASKS]

    def start(self) -> Start:
        """The answers, with a short name made from the title."""
        answers = self.cleaned_data
        slug = slug_of(answers["title_en"])
        return Start(
            task=answers["task"],
            slug=f"{slug}-question"[:50] if slug in PAGE_WORDS else slug,
            title_en=answers["title_en"],
            title_fr=answers["title_fr"],
            modalities=tuple(answers["modality"]),
            dimensions=int(answers["dimensions"]),
            target_en=answers["target_en"],
            target_fr=answers["target_fr"],
            unit=answers["unit"],
        )

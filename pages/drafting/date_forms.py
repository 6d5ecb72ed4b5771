"""The step about dates: windows, batches, sets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from challenges.timeline import usual_title
from concours.questions.editing import REMOVE, Change, value_at
from core.moment_input import LocalMomentField
from pages.drafting.places import FilePlace, MomentPlace, PlacedForm, Several
from pages.drafting.rows import RowForm

ACCEPTS = [
    ("exams", _("exams of centres")),
    ("registrations", _("registrations of teams")),
    ("submissions", _("submissions of teams")),
    ("nothing", _("nothing")),
]


class PhaseRowForm(RowForm):
    """A window in time."""

    ROWS = ("phases",)
    TITLE = _("Phases")
    NEW = _("Another phase")
    PLACES = {
        "opens": MomentPlace(("opens",)),
        "closes": MomentPlace(("closes",)),
        "accepts": FilePlace(("accepts",), ""),
        "batch": FilePlace(("batch",), ""),
        "decides": FilePlace(("decides",), False),
    }
    WORDS = {"title": ("title",)}

    title_en = forms.CharField(label=_("Title in English"), max_length=80, required=False)
    title_fr = forms.CharField(label=_("Title in French"), max_length=80, required=False)
    opens = LocalMomentField(label=pgettext_lazy("window", "Opens"), required=False)
    closes = LocalMomentField(label=pgettext_lazy("window", "Closes"), required=False)
    accepts = forms.ChoiceField(label=_("Receives"), choices=[("", "–"), *ACCEPTS], required=False)
    batch = forms.ChoiceField(label=_("Batch that submissions answer"), required=False)
    decides = forms.BooleanField(label=_("Its submissions decide the ranking"), required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        batches = value_at(self.document, ("batches",))
        names = [str(batch.get("name")) for batch in batches or () if isinstance(batch, dict)]
        _choose(self, "batch", names)

    def word(self) -> str:
        return gettext(usual_title(str(self.key)))


class BatchRowForm(RowForm):
    """What teams download, and when."""

    ROWS = ("batches",)
    KEYED = False
    TITLE = _("Batches that teams download")
    NEW = _("Another batch")
    PLACES = {
        "batch": FilePlace(("name",), ""),
        "set": FilePlace(("set",), ""),
        "released_at": MomentPlace(("released_at",)),
    }

    batch = forms.SlugField(label=_("Short name"), max_length=40, required=False)
    set = forms.ChoiceField(label=_("Set"), required=False)
    released_at = LocalMomentField(label=_("Release date"), required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        _choose(self, "set", list(value_at(self.document, ("split", "sets")) or {}))

    def word(self) -> str:
        return str(self.initial.get("batch") or super().word())


class SetRowForm(RowForm):
    """How many exams each set takes."""

    ROWS = ("split", "sets")
    TITLE = _("Sets")
    NEW = _("Another set")
    PLACES = {}

    set_name = forms.SlugField(label=_("Short name"), max_length=40, required=False)
    size = forms.CharField(
        label=_("Size"),
        max_length=12,
        required=False,
        help_text=_("A share of the exams such as 0.5, or a number of exams such as 120."),
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if self.key is not None:
            self.initial["size"] = str(value_at(self.document, self.at))
            del self.fields["set_name"]

    def key_from(self) -> str:
        return str(self.cleaned_data.get("set_name") or "")

    def clean_size(self) -> str:
        text = str(self.cleaned_data["size"]).replace(",", ".").strip()
        if text and not text.replace(".", "", 1).isdecimal():
            raise forms.ValidationError(_("Enter a share such as 0.5, or a number such as 120."))
        return text

    def changes(self) -> Iterator[Change]:
        if "size" in self.changed_data:
            text = self.cleaned_data["size"]
            yield Change(self.at, (float(text) if "." in text else int(text)) if text else REMOVE)

    def new_row(self) -> Any:
        return next(self.changes()).value


class SplitForm(PlacedForm):
    """Which sets are evaluated, and when results show."""

    PLACES = {
        "evaluation": Several(("split", "evaluation")),
        "stratify": Several(("split", "stratify")),
        "reveal_at": MomentPlace(("leaderboard", "reveal_at")),
    }

    evaluation = forms.MultipleChoiceField(
        label=_("Sets whose truth is sealed"), widget=forms.CheckboxSelectMultiple, required=False
    )
    stratify = forms.MultipleChoiceField(
        label=_("Sets resemble each other by"), widget=forms.CheckboxSelectMultiple, required=False
    )
    reveal_at = LocalMomentField(label=_("The board is revealed"), required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        _choose(self, "evaluation", list(value_at(self.document, ("split", "sets")) or {}), empty=False)
        fields = ["centre", "grade", *(value_at(self.document, ("data", "fields")) or {})]
        _choose(self, "stratify", fields, empty=False)


def _choose(form: forms.Form, field: str, names: list[str], *, empty: bool = True) -> None:
    chooser = form.fields[field]
    assert isinstance(chooser, forms.ChoiceField)
    chooser.choices = [*([("", "–")] if empty else []), *((name, name) for name in names)]

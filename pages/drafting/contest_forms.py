"""The steps about scores, ranking, limits and who takes part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from challenges.models import Membership
from concours import metrics
from concours.questions.editing import Change, value_at
from concours.questions.schema.rules import EXTERNAL
from core.words import say
from pages.drafting.places import FilePlace, Listed, PlacedForm, Several
from pages.drafting.rows import RowForm

SHAPES = {
    "mask": _("Masks"),
    "values": _("Numbers"),
    "probabilities": _("Probabilities"),
    "labels": _("Categories"),
    "grades": _("Ordered grades"),
    "detections": _("Points"),
    "instances": _("Separate lesions of a mask"),
    "embeddings": _("Generated images"),
    "resources": _("Resources that a program uses"),
}
COLUMN_TYPES = [
    ("number", _("a number")),
    ("integer", _("a whole number")),
    ("category", _("one of several values")),
    ("boolean", _("yes or no")),
    ("text", _("a text")),
    ("date", _("a date")),
    ("time", _("a time of day")),
]
RULES = [
    ("best_score", _("The best score wins: one score alone")),
    ("rank_sum", _("Sum of ranks: a team's places by each score are added; the smallest sum wins")),
    ("rank_mean", _("Mean of ranks: a team's places by each score are averaged; the smallest mean wins")),
    ("mean_of", _("Mean of scores: the scores are averaged; the greatest mean wins")),
    ("weighted", _("Weighted sum of scores: weights stand in the file")),
]


def metric_choices() -> list[tuple[str, Any]]:
    """Every metric that can rank, by what it compares, with its one-sentence summary."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in metrics.names():
        metric = metrics.find(name)
        if metric.direction != "none":
            groups.setdefault(metric.shape, []).append((name, f"{say(metric.title)} – {say(metric.summary)}"))
    rows = [(str(SHAPES.get(shape, shape)), choices) for shape, choices in sorted(groups.items())]
    return [*rows, (EXTERNAL, _("Computed elsewhere and entered by the organisers"))]


class ColumnRowForm(RowForm):
    """One column of the table that teams send."""

    ROWS = ("submission", "table", "columns")
    TITLE = _("Columns of the table that teams send")
    NEW = _("Another column")
    PLACES = {
        "type": FilePlace(("type",), "number"),
        "min": FilePlace(("min",)),
        "max": FilePlace(("max",)),
        "allowed": Listed(("allowed",)),
        "required": FilePlace(("required",), True),
    }

    column = forms.SlugField(label=_("Name of the column"), max_length=40, required=False)
    type = forms.ChoiceField(label=_("What it is"), choices=COLUMN_TYPES)
    min = forms.FloatField(label=_("Smallest value"), required=False)
    max = forms.FloatField(label=_("Greatest value"), required=False)
    allowed = forms.CharField(
        label=_("Values to choose from"), required=False, help_text=_("Separated by commas, as in 0, 1, 2.")
    )
    required = forms.BooleanField(label=_("Never empty"), required=False, initial=True)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if self.key is not None:
            del self.fields["column"]

    def key_from(self) -> str:
        return str(self.cleaned_data.get("column") or "")

    def row_changes(self) -> Iterator[Change]:
        if self.key is None:
            yield Change((*self.at, "type"), self.cleaned_data["type"])
        yield from self.changes()


class ScoreRowForm(RowForm):
    """One score: a metric, the field of the truth that it compares, the column of the submission."""

    ROWS = ("metrics",)
    TITLE = _("Scores")
    NEW = _("Another score")
    PLACES = {
        "metric": FilePlace(("metric",), ""),
        "field": Several(("field",)),
        "columns": Several(("columns",)),
        "goal": FilePlace(("goal",)),
    }
    WORDS = {"title": ("title",)}

    title_en = forms.CharField(label=_("Title in English"), max_length=80, required=False)
    title_fr = forms.CharField(label=_("Title in French"), max_length=80, required=False)
    metric = forms.ChoiceField(label=_("Metric"), required=False)
    field = forms.MultipleChoiceField(
        label=_("Truth to compare with"), required=False, widget=forms.CheckboxSelectMultiple
    )
    columns = forms.MultipleChoiceField(
        label=_("Columns of the submission"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None: the columns have the names of the truth."),
    )
    goal = forms.FloatField(label=_("Goal shown on the board"), required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._choose("metric", [("", "–"), *metric_choices()])
        self._choose("field", [(name, name) for name in value_at(self.document, ("data", "fields")) or {}])
        sent = value_at(self.document, ("submission", "table", "columns")) or {}
        self._choose("columns", [(name, name) for name in sent])

    def places(self) -> Mapping[str, FilePlace]:
        """A file may write field or fields, column or columns: each stays as it is written."""
        other = {"field": "fields", "columns": "column"}
        written = {
            name: Several((key,)) for name, key in other.items() if value_at(self.document, (*self.at, key)) is not None
        }
        return {**self.PLACES, **written}

    def _choose(self, name: str, choices: list[Any]) -> None:
        chooser = self.fields[name]
        assert isinstance(chooser, forms.ChoiceField)
        chooser.choices = choices

    def key_from(self) -> str:
        return super().key_from() or str(self.cleaned_data.get("metric") or "")

    def word(self) -> str:
        name = str(self.initial.get("metric"))
        return say(metrics.find(name).title) if name in metrics.names() else super().word()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.has_changed() and not cleaned.get("metric"):
            self.add_error("metric", forms.ValidationError(_("Choose a metric.")))
        return cleaned

    def row_changes(self) -> Iterator[Change]:
        """With the metric changes what it is computed over: each case, or the whole set."""
        yield from self.changes()
        name = self.cleaned_data.get("metric", "")
        if "metric" in self.changed_data and name in metrics.names():
            over = metrics.find(name).over
            kind = "declared" if metrics.find(name).shape == "resources" else "set" if over == "set" else "cases"
            yield Change((*self.at, "over"), kind)


class RankingForm(PlacedForm):
    """How scores become places, and what the board shows."""

    PLACES = {
        "rule": FilePlace(("ranking", "rule"), "best_score"),
        "by": Several(("ranking", "by")),
        "tie_break": Several(("ranking", "tie_break")),
        "public_share": FilePlace(("leaderboard", "public_share"), 0),
        "digits": FilePlace(("leaderboard", "digits"), 4),
        "per_day": FilePlace(("limits", "per_day")),
        "per_phase": FilePlace(("limits", "per_phase")),
    }

    rule = forms.ChoiceField(label=_("Ranking"), choices=RULES)
    by = forms.MultipleChoiceField(label=_("Scores that count"), widget=forms.CheckboxSelectMultiple, required=False)
    tie_break = forms.MultipleChoiceField(
        label=_("Ties are broken by"), widget=forms.CheckboxSelectMultiple, required=False
    )
    public_share = forms.FloatField(
        label=_("Share of the cases on the board while the phase runs"),
        min_value=0,
        max_value=1,
        help_text=_("0: the board is empty until the end. 0.2: one case in five shows, the others decide."),
    )
    digits = forms.IntegerField(label=_("Digits of a score"), min_value=0, max_value=10)
    per_day = forms.IntegerField(label=_("Submissions per team and day"), min_value=1, required=False)
    per_phase = forms.IntegerField(label=_("Submissions per team and phase"), min_value=1, required=False)

    def __init__(self, values: Mapping[str, Any], data: Any = None, **more: Any) -> None:
        super().__init__(values, data, **more)
        scores = [*(value_at(values, ("metrics",)) or {}), *(value_at(values, ("ranking", "derived")) or {})]
        jury = value_at(values, ("jury", "score"))
        rows = [(name, name) for name in [*scores, *([jury] if jury else [])]]
        for field, choices in (("by", rows), ("tie_break", [*rows, ("submitted_at", _("the earlier submission"))])):
            chooser = self.fields[field]
            assert isinstance(chooser, forms.MultipleChoiceField)
            chooser.choices = choices


class TeamRulesForm(PlacedForm):
    """What a team must be."""

    PLACES = {
        "least": FilePlace(("rules", "team", "min")),
        "most": FilePlace(("rules", "team", "max")),
        "one_word_name": FilePlace(("rules", "team", "one_word_name"), False),
        "institution_email": FilePlace(("rules", "team", "institution_email"), False),
        "waivable": FilePlace(("rules", "team", "waivable"), False),
    }

    least = forms.IntegerField(label=_("Fewest members"), min_value=1, required=False)
    most = forms.IntegerField(label=_("Most members"), min_value=1, required=False)
    one_word_name = forms.BooleanField(label=_("The team's name is one word"), required=False)
    institution_email = forms.BooleanField(
        label=_("Members register with the address of their institution"), required=False
    )
    waivable = forms.BooleanField(label=_("An organiser may waive these rules, with a reason"), required=False)


class NeedRowForm(RowForm):
    """Professions of which a team needs members."""

    ROWS = ("rules", "team", "needs")
    KEYED = False
    TITLE = _("Professions that a team needs")
    NEW = _("Another one")
    PLACES = {"any_of": Several(("any_of",)), "count": FilePlace(("count",), 1)}

    any_of = forms.MultipleChoiceField(
        label=_("One of"),
        choices=Membership.Profession.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    count = forms.IntegerField(label=_("How many at least"), min_value=1, max_value=100, initial=1)


class PrizeRowForm(RowForm):
    """A prize."""

    ROWS = ("rules", "prizes")
    KEYED = False
    TITLE = _("Prizes")
    NEW = _("Another prize")
    PLACES = {
        "place": FilePlace(("place",), ""),
        "amount": FilePlace(("amount",), 0),
        "currency": FilePlace(("currency",), "EUR"),
    }

    place = forms.CharField(
        label=_("Who wins it"),
        max_length=20,
        required=False,
        help_text=format_lazy("{} {}", _("A place such as 1, or"), "centre, finalist."),
    )
    amount = forms.FloatField(label=_("Amount"), min_value=0, required=False)
    currency = forms.CharField(label=_("Currency"), max_length=3, required=False)

    def word(self) -> str:
        return str(self.initial.get("place") or super().word())

    def row_changes(self) -> Iterator[Change]:
        for change in self.changes():
            place = change.path[-1] == "place" and str(change.value)
            yield Change(change.path, int(place)) if place and place.isdecimal() else change

"""The steps of a draft, in the order in which organisers think, and what each writes into the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from concours.questions.editing import Change
from pages.drafting.contest_forms import (
    ColumnRowForm,
    NeedRowForm,
    PrizeRowForm,
    RankingForm,
    ScoreRowForm,
    TeamRulesForm,
)
from pages.drafting.date_forms import BatchRowForm, PhaseRowForm, SetRowForm, SplitForm
from pages.drafting.frame_forms import CriteriaForm, ImageRowForm, WordsForm, criteria_that_follow
from pages.drafting.places import PlacedForm
from pages.drafting.rows import RowForm, RowForms
from pages.drafting.truth_forms import FieldRowForm, ReadersForm, delivered

More = Callable[["StepForms"], Iterator[Change]]


def _nothing_more(_forms: StepForms) -> Iterator[Change]:
    return iter(())


@dataclass(frozen=True)
class DraftStep:
    """One page of the draft: rows, then single values. `more`: what follows from them elsewhere in the file."""

    name: str
    title: Promise
    lead: Promise
    rows: Sequence[type[RowForm]] = ()
    forms: Sequence[type[PlacedForm]] = ()
    more: More = field(default=_nothing_more)


class StepForms:
    """The forms of a step over the values of a file."""

    def __init__(self, step: DraftStep, values: Mapping[str, Any], data: Any = None) -> None:
        self.step, self.document = step, values
        self.rows = [RowForms(kind, values, data) for kind in step.rows]
        self.forms = [kind(values, data) for kind in step.forms]

    def is_valid(self) -> bool:
        return all([*(rows.is_valid() for rows in self.rows), *(form.is_valid() for form in self.forms)])

    def changes(self) -> list[Change]:
        """Everything that the step asks of the file."""
        changes = [change for rows in self.rows for change in rows.changes()]
        changes += [change for form in self.forms for change in form.changes()]
        return [*changes, *self.step.more(self)]


def _images_follow(forms: StepForms) -> Iterator[Change]:
    return criteria_that_follow(forms.document, forms.rows[0].forms)


def _delivered(forms: StepForms) -> Iterator[Change]:
    return delivered(forms.rows[0].forms, forms.rows[0].new_keys)


STEPS = (
    DraftStep(
        "words",
        _("Question"),
        _("The task of the teams, in the words that everybody reads."),
        forms=(WordsForm,),
    ),
    DraftStep(
        "images",
        _("Images"),
        _("What an exam contains and what it must fulfil. Exams that do not are refused at once, with the reason."),
        rows=(ImageRowForm,),
        forms=(CriteriaForm,),
        more=_images_follow,
    ),
    DraftStep(
        "truth",
        _("Truth"),
        _("What centres send beside the images. Of the evaluation set teams never receive what you leave unticked."),
        rows=(FieldRowForm,),
        forms=(ReadersForm,),
        more=_delivered,
    ),
    DraftStep(
        "scores",
        _("Scores"),
        _("What teams send, how it is compared with the truth, and how scores become places."),
        rows=(ColumnRowForm, ScoreRowForm),
        forms=(RankingForm,),
    ),
    DraftStep(
        "teams",
        _("Teams"),
        _("Who may take part, and what there is to win."),
        rows=(NeedRowForm, PrizeRowForm),
        forms=(TeamRulesForm,),
    ),
    DraftStep(
        "dates",
        pgettext_lazy("step", "Dates"),
        _("When centres send, when teams download and submit, and how exams are divided into sets."),
        rows=(PhaseRowForm, BatchRowForm, SetRowForm),
        forms=(SplitForm,),
    ),
)


def find_step(name: str) -> DraftStep | None:
    return next((step for step in STEPS if step.name == name), None)


def step_of(where: str) -> str:
    """The step that shows a place of the file, as mistakes name it (data.fields.mask); empty: the file alone does."""
    top, _dot, rest = where.partition(".")
    below = rest.partition(".")[0]
    if top == "data":
        return "truth" if below == "fields" else "images"
    return STEP_OF.get(top, "")


STEP_OF = {
    "slug": "words",
    "title": "words",
    "summary": "words",
    "source": "words",
    "inclusion": "images",
    "target": "images",
    "grading": "truth",
    "submission": "scores",
    "metrics": "scores",
    "ranking": "scores",
    "leaderboard": "scores",
    "limits": "scores",
    "rules": "teams",
    "phases": "dates",
    "batches": "dates",
    "split": "dates",
}

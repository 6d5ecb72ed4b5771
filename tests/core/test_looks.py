"""Every state that people meet has a look, and no look is idle."""

from __future__ import annotations

import re

from django.apps import apps
from django.db import models

from core.looks import LOOKS
from scoring.results import LOOKS as SUBMISSION_LOOKS
from tests.architecture.source import APPS, ROOT

COMPUTED = {
    *SUBMISSION_LOOKS.values(),
    *("upcoming", "open", "closed"),  # challenges.timeline.phase_state
    "building",  # the timeline of a batch that is due and not built
    "fault",  # progress records: a note that refuses nothing
    "stuck",  # pages.queue
    *("chosen", "note", "set_aside"),  # progress records of an exam and of a submission
}
"""States that no row has: they follow from the time, from others' rows, or are recorded as progress."""


def states_of_models() -> set[str]:
    choices = (
        kind
        for model in apps.get_models()
        if model._meta.app_label in APPS
        for name, kind in vars(model).items()
        if name in ("State", "Status") and isinstance(kind, type) and issubclass(kind, models.TextChoices)
    )
    return {value for kind in choices for value in kind.values}


def states_in_templates() -> set[str]:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "templates").rglob("*.html"))
    return set(re.findall(r'\{% state "([^"]+)"', source))


def test_every_state_of_a_row_has_a_look() -> None:
    assert states_of_models() <= set(LOOKS)


def test_every_state_that_a_template_names_has_a_look() -> None:
    assert states_in_templates() <= set(LOOKS)


def test_no_look_is_idle() -> None:
    assert set(LOOKS) == states_of_models() | states_in_templates() | COMPUTED

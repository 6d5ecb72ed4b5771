"""What every stage and every number rests on: a stage whose subject changed starts over, numbers are given one by one."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from core.claims import Claim, LostLeaseError, claim_row
from core.errors import LostRaceError
from core.locks import next_number
from core.models import Work
from core.performing import MOST_RACES, perform
from core.work import enqueue
from tests.factories.people import person
from tests.factories.questions import question
from tests.interleaved import overlapping

BOTH = pytest.mark.parametrize(
    "any_database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


@BOTH
@pytest.mark.parametrize("error", [LostRaceError("changed"), FileNotFoundError("gone")])
@pytest.mark.parametrize(("losses", "outcome"), [(1, ("done", 0)), (MOST_RACES - 1, ("done", 0)), (9, ("waiting", 1))])
def test_a_stage_whose_subject_changed_starts_over_at_once(
    any_database: str, stage: Any, error: Exception, losses: int, outcome: tuple[str, int]
) -> None:
    left = iter(range(losses))

    def lose(claim: Claim) -> None:
        if next(left, None) is not None:
            raise error
        with claim.finish():
            return

    stage("probe", lose)
    row = enqueue("probe", "1")
    perform(row.pk)
    row.refresh_from_db()
    assert (row.state, row.attempts) == outcome


@pytest.mark.django_db
def test_who_was_overtaken_holds_the_work_no_more(stage: Any) -> None:
    stage("probe", lambda claim: None)
    claim = claim_row(enqueue("probe", "1").pk)
    assert claim is not None
    with transaction.atomic():
        claim.hold()
    enqueue("probe", "1")
    with pytest.raises(LostLeaseError), transaction.atomic():
        claim.hold()


@BOTH
def test_numbers_are_given_one_after_the_other(any_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    question_row = question()

    def add() -> None:
        with transaction.atomic():
            number = next_number(question_row.splits, parent=question_row)
            question_row.splits.filter(state="draft").update(state="replaced")
            question_row.splits.create(number=number, seed=1, rule={}, sha256="", created_by=person("Olga"))

    assert overlapping(monkeypatch, "core.locks.locked", add, add) == []
    assert sorted(question_row.splits.values_list("number", flat=True)) == [1, 2]
    assert not Work.objects.filter(state="failed").exists()

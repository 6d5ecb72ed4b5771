"""Moves from state to state: compare and set, with an audit record, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.utils import translation

from concours.formats.fault import Fault
from core.errors import InvalidInputError, LostRaceError, MoveNotAllowedError, NotAllowedError
from core.models import AuditRecord, Moving, User, Work
from core.moves import move

pytestmark = pytest.mark.django_db
MOVES = {"waiting": frozenset({"failed", "done"}), "failed": frozenset({"waiting"})}


@pytest.fixture
def row(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A row with a state, a reason and a challenge, as every `Moving` has."""
    monkeypatch.setattr(Work, "MOVES", MOVES, raising=False)
    return Work.objects.create(stage="probe", subject_id="1", challenge_id=4)


def test_a_move_changes_the_row_and_writes_who_and_why(row: Any) -> None:
    olga = User.objects.create_user("olga@example.org")
    move(row, "failed", actor=olga, code="broken", attempts=3, detail={"tries": 3})
    row.refresh_from_db()
    assert (row.state, row.reason, row.attempts) == ("failed", "broken", 3)
    written = AuditRecord.objects.get()
    assert (written.verb, written.before, written.after) == ("work failed", "waiting", "failed")
    assert (written.actor, written.reason, written.detail, written.challenge_id) == (olga, "broken", {"tries": 3}, 4)


def test_a_move_that_is_not_allowed_says_what_is_so(row: Any) -> None:
    with pytest.raises(MoveNotAllowedError, match=r"work \d+ is waiting and cannot become running"):
        move(row, "running")
    assert not AuditRecord.objects.exists()


def test_of_two_who_decide_one_is_told_to_look_again(row: Any) -> None:
    other = Work.objects.get(pk=row.pk)
    move(row, "done")
    with pytest.raises(LostRaceError, match="was changed by someone else"):
        move(other, "failed", code="broken")
    row.refresh_from_db()
    assert row.state == "done"
    assert AuditRecord.objects.count() == 1
    assert other.state == "waiting"


def test_a_refusal_speaks_the_readers_language() -> None:
    refusal = NotAllowedError("Enter a valid date.")  # a message that Django itself has in French
    with translation.override("fr"):
        assert refusal.words() == "Saisissez une date valide."


def test_invalid_input_carries_every_fault() -> None:
    faults = [Fault("missing_id", "row 2", "There is no id."), Fault("extra_id", "row 3", "Unknown id.")]
    error = InvalidInputError("The table has %(count)s faults.", faults, count=2)
    assert error.words() == "The table has 2 faults."
    assert [fault.reason for fault in error.faults] == ["missing_id", "extra_id"]


def test_every_row_that_moves_knows_its_states_and_its_challenge() -> None:
    models = [model for model in apps.get_models() if issubclass(model, Moving)]
    assert {model.__name__ for model in models} >= {"Exam", "Submission", "Challenge", "Team"}
    for model in models:
        states = set(model.State.values)  # type: ignore[attr-defined]
        assert set(model.MOVES) | set().union(*model.MOVES.values()) == states, model
        assert hasattr(model, "challenge_id"), model

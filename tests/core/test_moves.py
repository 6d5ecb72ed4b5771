"""Moves from state to state: compare and set, with an audit record, or not at all."""

from __future__ import annotations

import pytest
from django.utils import translation

from core.errors import InvalidInputError, LostRaceError, MoveNotAllowedError, NotAllowedError
from core.models import AuditRecord, User, Work
from core.moves import move
from formats.fault import Fault

pytestmark = pytest.mark.django_db
MOVES = {"waiting": frozenset({"failed", "done"}), "failed": frozenset({"waiting"})}


@pytest.fixture
def row() -> Work:
    return Work.objects.create(stage="probe", subject_id="1")


def test_a_move_changes_the_row_and_writes_who_and_why(row: Work) -> None:
    olga = User.objects.create_user("olga@example.org")
    move(row, "failed", allowed=MOVES, actor=olga, code="broken", attempts=3, detail={"tries": 3}, challenge_id=4)
    row.refresh_from_db()
    assert (row.state, row.reason, row.attempts) == ("failed", "broken", 3)
    written = AuditRecord.objects.get()
    assert (written.verb, written.before, written.after) == ("work failed", "waiting", "failed")
    assert (written.actor, written.reason, written.detail, written.challenge_id) == (olga, "broken", {"tries": 3}, 4)


def test_a_move_that_is_not_allowed_says_what_is_so(row: Work) -> None:
    with pytest.raises(MoveNotAllowedError, match=r"work \d+ is waiting; it cannot become running"):
        move(row, "running", allowed=MOVES)
    assert not AuditRecord.objects.exists()


def test_of_two_who_decide_one_is_told_to_look_again(row: Work) -> None:
    other = Work.objects.get(pk=row.pk)
    move(row, "done", allowed=MOVES)
    with pytest.raises(LostRaceError, match="was changed by somebody else"):
        move(other, "failed", allowed=MOVES, code="broken")
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

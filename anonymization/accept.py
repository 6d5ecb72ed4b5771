"""An exam is included: the end of quality control, by the platform or by a person."""

from __future__ import annotations

from typing import Any

from core.clock import database_now
from core.moves import move
from core.progress import tell
from core.work import enqueue
from uploads.models import Exam


def accept_exam(exam: Exam, *, actor: Any = None, reason: str = "", **changes: Any) -> None:
    """The exam is included; its readers are asked for."""
    move(
        exam,
        Exam.State.ACCEPTED,
        allowed=Exam.MOVES,
        actor=actor,
        reason=reason,
        challenge_id=exam.question.challenge_id,
        decided_at=database_now(),
        **changes,
    )
    tell(exam, stage="check_quality", state="accepted")
    enqueue("assign_readings", exam, challenge_id=exam.question.challenge_id)

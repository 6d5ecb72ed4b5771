"""Changes of state: compare-and-set with an audit record, the only way a stage's row moves on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from core.actors import Actor
from core.audit import record
from core.errors import LostRaceError, MoveNotAllowedError
from core.models import Moving
from core.registry import call_hook


def done_before(row: Moving, to: str) -> bool:
    """Whether the one-time step that leads to `to` was taken already; `row` then shows what it left.

    The rule of every such step: asked for again (a second click, a script that repeats after a lost answer) it changes nothing,
    writes no audit record and answers with the row as it is; a contrary step goes on to `move`, which refuses it with its reason.
    """
    rows: Any = type(row)._default_manager
    if not rows.filter(pk=row.pk, state=to).exists():
        return False
    row.refresh_from_db()
    return True


def move(
    row: Moving,
    to: str,
    *,
    actor: Actor = None,
    reason: str = "",
    code: str = "",
    detail: Mapping[str, Any] | None = None,
    **changes: Any,
) -> None:
    """Moves `row.state` to `to` where the row still is in the state that `row` shows; `changes` are set with it.

    `reason` is what the audit trail keeps; `code` (if given) is also set as the row's own `reason`.

    Raises MoveNotAllowedError where `row.MOVES` has no such move and LostRaceError where another process was first. Row
    locks do nothing on SQLite, so the state itself is compared in the UPDATE.
    """
    if code:
        changes["reason"] = code
    before = str(row.state)
    kind = row._meta.model_name or ""
    if to not in row.MOVES.get(before, frozenset()):
        raise MoveNotAllowedError(
            gettext_noop("%(kind)s %(id)s is %(before)s and cannot become %(after)s."),
            kind=kind,
            id=row.pk,
            before=before,
            after=to,
        )
    with transaction.atomic():
        rows: Any = type(row)._default_manager
        changed = rows.filter(pk=row.pk, state=before).update(state=to, **changes)
        if changed != 1:
            raise LostRaceError(
                gettext_noop("%(kind)s %(id)s was changed by someone else. Reload the page, then decide."),
                kind=kind,
                id=row.pk,
            )
        record(
            verb=f"{kind} {to}",
            subject=row,
            actor=actor,
            before=before,
            after=to,
            reason=reason or code,
            detail=detail,
            challenge_id=row.challenge_id,
        )
        shown = {name: getattr(row, name) for name in ("state", *changes)}
        _set(row, {"state": to, **changes})
        try:
            call_hook(f"{kind}_moved", row, reason or code)
        except BaseException:
            _set(row, shown)  # nothing of the move is stored
            raise


def _set(row: Moving, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)

"""Changes of state: compare-and-set with an audit record, the only way a stage's row moves on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext_noop

from core.audit import record
from core.errors import LostRaceError, MoveNotAllowedError


def move(
    row: models.Model,
    to: str,
    *,
    allowed: Mapping[str, frozenset[str]],
    actor: Any = None,
    reason: str = "",
    code: str = "",
    detail: Mapping[str, Any] | None = None,
    challenge_id: int | None = None,
    **changes: Any,
) -> None:
    """Moves `row.state` to `to` where the row still is in the state that `row` shows; `changes` are set with it.

    `reason` is what the audit trail keeps; `code` (if given) is also set as the row's own `reason`.

    Raises MoveNotAllowedError where `allowed` has no such move and LostRaceError where another process was first. Row
    locks do nothing on SQLite, so the state itself is compared in the UPDATE.
    """
    if code:
        changes["reason"] = code
    before = str(getattr(row, "state"))  # noqa: B009  (rows of several models)
    kind = row._meta.model_name or ""
    if to not in allowed.get(before, frozenset()):
        raise MoveNotAllowedError(
            gettext_noop("%(kind)s %(id)s is %(before)s; it cannot become %(after)s."),
            kind=kind,
            id=row.pk,
            before=before,
            after=to,
        )
    with transaction.atomic():
        changed = type(row)._default_manager.filter(pk=row.pk, state=before).update(state=to, **changes)
        if changed != 1:
            raise LostRaceError(
                gettext_noop("%(kind)s %(id)s was changed by somebody else. Look at it again, then decide."),
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
            challenge_id=challenge_id,
        )
    for name, value in {"state": to, **changes}.items():
        setattr(row, name, value)

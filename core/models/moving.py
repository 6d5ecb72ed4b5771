"""What every row with a state offers to `core.moves.move`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models


class Moving(models.Model):
    """A row that moves from state to state as `MOVES` allows, on record in the trail of the challenge that it belongs to."""

    MOVES: ClassVar[dict[str, frozenset[str]]] = {}

    if TYPE_CHECKING:  # a field, or a property over the rows above it
        state: models.CharField[str, str]

        @property
        def challenge_id(self) -> int | None: ...

    class Meta:
        abstract = True

"""Who does a step: the person whose request it is, or the platform itself."""

from __future__ import annotations

from typing import TypeAlias

from django.contrib.auth.models import AnonymousUser

from core.models import User

# None is the platform (a worker, a command). An anonymous visitor passes no permission check, but a request's user has
# this type before it is checked.
Actor: TypeAlias = User | AnonymousUser | None
# Whose view of a page, a list or a record is asked for.
Reader: TypeAlias = User | AnonymousUser


def person_of(actor: Actor) -> User | None:
    """The person, or None where the platform acts."""
    return actor if isinstance(actor, User) else None


def require_person(actor: Actor) -> User:
    """The person of a step that the platform never does by itself. Raises TypeError for anybody else."""
    if not isinstance(actor, User):
        raise TypeError("this step needs a person")
    return actor

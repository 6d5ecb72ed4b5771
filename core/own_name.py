"""The name by which others on the site know a person."""

from __future__ import annotations

from core.models import User


def rename_person(person: User, name: str) -> None:
    """Changes the name that organisers and the own team see."""
    User.objects.filter(pk=person.pk).update(full_name=name)
    person.full_name = name

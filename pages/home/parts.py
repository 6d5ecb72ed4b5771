"""What every role's section of the first page is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _

from challenges.charter import signing_state
from challenges.models import Challenge


@dataclass
class Task:
    """One thing a person can do next. `url` empty: nothing to press, only to know."""

    title: str
    note: str = ""
    url: str = ""
    action: str = ""
    icon: str = "chevron-right"
    tone: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class RoleSection:
    """What a person is in one challenge. `is_open`: whether the person can see the challenge's page."""

    title: str
    challenge: Challenge
    tasks: list[Task]
    is_open: bool = True


def unsigned_charter(user: Any, challenge: Challenge, audience: str) -> list[Task]:
    """The task of signing the audience's charter, or none where it is signed."""
    if signing_state(user, challenge).get(audience, True):
        return []
    return [
        Task(
            _("Sign the charter"),
            _("Everything else is available once it is signed."),
            reverse("challenges:charter", args=[challenge.slug, audience]),
            _("Read and sign"),
            "pen",
            "warn",
        )
    ]


def count_by(rows: Any, field: str) -> dict[int, int]:
    """How many rows have each value of the field."""
    return {row[field]: row["n"] for row in rows.order_by().values(field).annotate(n=Count("pk"))}

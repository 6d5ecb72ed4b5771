"""The first page of a juror."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from challenges.frame import spec_of
from challenges.models import Challenge, Role
from pages.home.parts import RoleSection, Task, unsigned_charter


def juror_sections(user: Any) -> list[RoleSection]:
    """One section for each role with a question that has a jury."""
    roles = Role.objects.filter(user=user, kind=Role.Kind.JUROR, challenge__in=Challenge.objects.visible_to(user))
    sections = []
    for role in roles.select_related("challenge", "question"):
        tasks = unsigned_charter(user, role.challenge, "juror")
        questions = [role.question] if role.question else list(role.challenge.questions.all())
        for question in questions:
            if spec_of(question).jury is not None:
                url = reverse("scoring:jury", args=[role.challenge.slug, question.slug])
                note = _("Mark the generated cases without knowing their team.")
                tasks.append(Task(str(question), note, url, _("Jury"), "star", "accent"))
        if tasks:
            sections.append(RoleSection(_("Juror"), role.challenge, tasks))
    return sections

"""What a person is in a challenge: organiser, reader, juror or data protection officer."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from challenges.models.challenge import Challenge
from challenges.models.question import Question


class Role(models.Model):
    """One role of one person. Readers and jurors may be limited to one question; null means all of them."""

    class Kind(models.TextChoices):
        ORGANISER = "organiser", _("Organiser")
        READER = "reader", _("Reader")
        JUROR = "juror", _("Juror")
        PROTECTION_OFFICER = "dpo", _("Data protection officer")

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="roles")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="roles")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    question = models.ForeignKey(Question, null=True, blank=True, on_delete=models.CASCADE, related_name="roles")
    granted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["challenge", "user", "kind", "question"], name="one_role_per_question"),
            models.UniqueConstraint(
                fields=["challenge", "user", "kind"], condition=models.Q(question=None), name="one_role_per_challenge"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.user_id} of challenge {self.challenge_id}"


def role_held(user: Any, kind: str, question: str) -> Exists:
    """For a filter: the person holds the role for the row's question, to which the lookup `question` leads."""
    roles = Role.objects.filter(user=user, kind=kind, challenge=OuterRef(f"{question}__challenge"))
    return Exists(roles.filter(Q(question=None) | Q(question=OuterRef(question))))

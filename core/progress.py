"""Tells those who may know what became of a subject."""

from collections.abc import Mapping
from typing import Any

from django.db import models

from concours.formats.fault import Fault
from core.models import Progress


def tell(
    subject: models.Model,
    *,
    stage: str,
    state: str,
    reason: str = "",
    where: str = "",
    template: str = "",
    values: Mapping[str, Any] | None = None,
    audience: str = Progress.Audience.CENTRE,
) -> Progress:
    """One progress row, in the caller's transaction."""
    return Progress.objects.create(
        subject_kind=subject._meta.model_name or "",
        subject_id=str(subject.pk),
        stage=stage,
        state=state,
        reason=reason,
        where=where[:200],
        template=template,
        values=dict(values or {}),
        audience=audience,
    )


def tell_fault(
    subject: models.Model,
    fault: Fault,
    *,
    stage: str,
    state: str = "fault",
    audience: str = Progress.Audience.CENTRE,
) -> Progress:
    """A fault, in its own words, for those who can mend it."""
    return tell(
        subject,
        stage=stage,
        state=state,
        reason=fault.reason,
        where=fault.where,
        template=fault.template,
        values=fault.values,
        audience=audience,
    )


def progress_of(subject: models.Model) -> "models.QuerySet[Progress]":
    return Progress.objects.filter(subject_kind=subject._meta.model_name or "", subject_id=str(subject.pk))

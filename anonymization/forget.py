"""What de-identification and quality control keep of an exam goes with it."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from anonymization.models import Correction, Deidentification, QualityCheck, Review


def forget_findings(exam_id: str) -> None:
    """The exam was withdrawn: its facts, findings, judgements, corrections and reviews, decided ones too, say what it showed."""
    for model in (Correction, Deidentification, QualityCheck, Review):
        model.objects.filter(exam_id=exam_id).delete()


def forget_sealed_values(exam_ids: Collection[UUID], fields: Collection[str]) -> None:
    """These fields are sealed: what quality control noted of their content goes too. In the caller's transaction."""
    for check in QualityCheck.objects.filter(exam__in=exam_ids).only("pk", "facts", "judgements"):
        facts, noted = dict(check.facts), dict(check.facts.get("fields") or {})
        changed = {name: {**noted[name], "value": None, "mask": None} for name in noted if name in fields}
        judgements = [
            judgement
            for judgement in check.judgements
            if judgement["outcome"] == "accept" or judgement["where"] not in fields
        ]
        if any(noted[name] != value for name, value in changed.items()) or judgements != check.judgements:
            facts["fields"] = {**noted, **changed}
            QualityCheck.objects.filter(pk=check.pk).update(facts=facts, judgements=judgements)

"""Who is told that a batch is released."""

from __future__ import annotations

from django.urls import reverse

from batches.models import Batch
from challenges.notices import entrants_of
from core.claims import Claim
from core.clock import database_now
from core.notices import notify


def tell_release(claim: Claim) -> None:
    """The stage's function, due when the batch's minute comes. A batch moved meanwhile is told of at its new minute."""
    batch = Batch.objects.select_related("question__challenge").filter(pk=claim.subject_id).first()
    with claim.finish():
        if batch is None or batch.state == Batch.State.REVOKED or batch.released_at > database_now():
            return
        question = batch.question
        notify(
            "batch_released",
            entrants_of(question),
            about=f"{batch.pk}:{batch.version}",
            values={"batch": batch.name, "question": question.title},
            path=reverse("batches:data", args=[question.challenge.slug, question.slug]),
            challenge_id=question.challenge_id,
        )

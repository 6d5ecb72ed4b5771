"""The stage that every stored upload of a team asks for: the same step as the API's, so that closing the tab loses nothing."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from core.claims import Claim
from core.errors import StepError
from core.models import Progress
from core.progress import tell
from scoring.submit import submit
from uploads.models import Upload


def accept_submission(claim: Claim) -> None:
    """The stage's function. A refusal is an outcome: the upload tells it in words."""
    upload = Upload.objects.select_related("question__challenge", "team", "owner").get(pk=claim.subject_id)
    if upload.state == Upload.State.STORED:
        try:
            submit(upload=upload, actor=upload.owner)
        except StepError:
            if Upload.objects.get(pk=upload.pk).state == Upload.State.STORED:
                raise
    with claim.finish():
        return


def acceptance_failed(subject_id: str, reason: str) -> None:
    """The platform's own fault, after every try: the bytes stay, the moment at which they came stands, a person can retry."""
    template = gettext_noop(
        "The platform could not accept this submission. Nothing is lost; the organisers have been informed."
    )
    for audience in (Progress.Audience.TEAM, Progress.Audience.ORGANISER):
        tell(
            Upload.objects.get(pk=subject_id),
            stage="accept_submission",
            state="failed",
            template=template,
            audience=audience,
        )

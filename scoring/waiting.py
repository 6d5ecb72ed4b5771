"""Why a submission that is not decided yet waits for the organisers: told at once to the team and on their console."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from batches.models import Batch
from challenges.frame import spec_of
from challenges.models import Phase
from concours.formats.json import Json
from core.models import Work
from scoring.models import Submission
from scoring.opened_truth import is_external, truths_of

OUTSIDE = gettext_noop(
    "This question is scored outside the platform. Scores appear once the organisers have entered them."
)
NO_SETS = gettext_noop(
    "The sets of this question are not frozen yet. The submission is kept, and checked as soon as the organisers freeze them."
)
PREPARING = gettext_noop("Batch %(batch)s is still being prepared. The submission is checked as soon as it is ready.")
NOT_PREPARED = gettext_noop(
    "Batch %(batch)s could not be prepared; the organisers have been informed. The submission is kept, and checked once it is."
)
REVOKED = gettext_noop("Batch %(batch)s was revoked. Nothing can be scored until the organisers release it again.")
SEALING = gettext_noop("The reference data of batch %(batch)s is being sealed. The submission is checked right after.")
NOT_SEALED = gettext_noop(
    "The reference data of batch %(batch)s has errors; the organisers have been informed. The submission is kept, and checked "
    "once they are corrected."
)


@dataclass(frozen=True)
class Waiting:
    """What the submissions of a phase wait for, in words."""

    template: str
    values: Mapping[str, Json] = field(default_factory=dict)


def waits_for(phase: Phase) -> Waiting | None:
    """What keeps the phase's submissions from being checked now; None where nothing does."""
    spec = spec_of(phase.question)
    if is_external(phase):
        return Waiting(OUTSIDE)
    if truths_of(phase) is not None:
        return None
    names = {phase.batch} if phase.batch else {batch.name for batch in spec.batches if batch.set in spec.split.truth}
    batches = {batch.name: batch for batch in phase.question.batches.filter(name__in=names)}
    if set(batches) != names or not names:
        return Waiting(NO_SETS)
    unsealed = [batch for batch in batches.values() if not batch.truths.exists()]
    return _of_batch(min(unsealed, key=lambda batch: batch.name)) if unsealed else None


def _of_batch(batch: Batch) -> Waiting:
    values = {"batch": batch.name}
    if batch.state == Batch.State.REVOKED:
        return Waiting(REVOKED, values)
    stage = "build_batch" if batch.state == Batch.State.PLANNED else "seal_truth"
    failed = Work.objects.filter(stage=stage, subject_id=str(batch.pk), state=Work.State.FAILED).exists()
    if stage == "build_batch":
        return Waiting(NOT_PREPARED if failed else PREPARING, values)
    return Waiting(NOT_SEALED if failed else SEALING, values)


def waiting_submissions(challenge_id: int) -> list[tuple[Phase, int, Waiting]]:
    """The phases of a challenge whose submissions wait for the organisers, and how many do."""
    undecided = Submission.objects.filter(state__in=[Submission.State.RECEIVED, Submission.State.VALID])
    phases = Phase.objects.filter(question__challenge=challenge_id, submissions__in=undecided).distinct()
    listed = []
    for phase in phases.select_related("question__challenge").order_by("question", "opens", "id"):
        why = waits_for(phase)
        if why is not None:
            listed.append((phase, undecided.filter(phase=phase).count(), why))
    return listed

"""How many submissions a team has left in a phase, and until when: counted from rows, never kept as a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from challenges.frame import spec_of
from challenges.models import Phase, Team
from scoring.models import Evaluation, Submission
from scoring.models.submission import REPEATED_SCORED

State = Submission.State
# Rejected, failed and cancelled ones cost nothing, except what was compared with the truth before: a failed one that is scored
# again, and a second file under one idempotency key.
COUNTED = (
    Q(state__in=(State.RECEIVED, State.VALID, State.SCORED))
    | (Q(state=State.FAILED) & Exists(Evaluation.objects.filter(submission=OuterRef("pk"))))
    | Q(reason=REPEATED_SCORED)
)


@dataclass(frozen=True)
class Remaining:
    """What is left. None is no limit; `left` is what may be sent now; `resets_at` is the site's next midnight, where a limit
    a day holds."""

    per_day: int | None
    used_today: int
    per_phase: int | None
    used_in_phase: int
    resets_at: datetime | None

    @property
    def left(self) -> int | None:
        lefts = [
            max(0, limit - used)
            for limit, used in ((self.per_day, self.used_today), (self.per_phase, self.used_in_phase))
            if limit is not None
        ]
        return min(lefts) if lefts else None


def day_of(moment: datetime) -> tuple[datetime, datetime]:
    """The day that holds `moment` in the site's time zone: from midnight to midnight, 23 or 25 hours twice a year."""
    zone = timezone.get_default_timezone()
    date = moment.astimezone(zone).date()
    return (
        datetime.combine(date, time(), tzinfo=zone),
        datetime.combine(date + timedelta(days=1), time(), tzinfo=zone),
    )


def remaining(*, team: Team, phase: Phase, now: datetime) -> Remaining:
    """Counts the team's submissions of the phase, and those whose last byte came on the day of `now`."""
    limits = spec_of(phase.question).limits
    began, ends = day_of(now)
    counted = Submission.objects.filter(COUNTED, team=team, phase=phase)
    return Remaining(
        per_day=limits.per_day,
        used_today=counted.filter(received_at__gte=began, received_at__lt=ends).count(),
        per_phase=limits.per_phase,
        used_in_phase=counted.count(),
        resets_at=ends if limits.per_day is not None else None,
    )

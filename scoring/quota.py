"""How many submissions a team has left in a phase, and until when: counted from rows, never kept as a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.utils import timezone

from challenges.frame import spec_of
from challenges.models import Phase, Team
from scoring.models import Submission

State = Submission.State
COUNTED = (State.RECEIVED, State.VALID, State.SCORED, State.FAILED)  # rejected and cancelled ones cost nothing


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
    counted = Submission.objects.filter(team=team, phase=phase, state__in=COUNTED)
    return Remaining(
        per_day=limits.per_day,
        used_today=counted.filter(received_at__gte=began, received_at__lt=ends).count(),
        per_phase=limits.per_phase,
        used_in_phase=counted.count(),
        resets_at=ends if limits.per_day is not None else None,
    )

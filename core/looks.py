"""One look for each state that a person can meet: an icon, a word and a tone, never colour alone (docs/design.md)."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class StateBadge(NamedTuple):
    """`icon` is a name in frontend/icons.txt; `tone` one of neutral, info, good, warn, bad, gold, accent."""

    icon: str
    tone: str
    word: str | Promise


LOOKS: dict[str, StateBadge] = {
    # an exam and its files
    "received": StateBadge("inbox", "info", _("Received")),
    "deidentified": StateBadge("shield-check", "info", _("De-identified")),
    "accepted": StateBadge("check-circle", "good", _("Accepted")),
    "review": StateBadge("eye", "warn", _("Needs review")),
    "refused": StateBadge("x-octagon", "bad", _("Refused")),
    "withdrawn": StateBadge("slash-circle", "neutral", _("Withdrawn")),
    "kept": StateBadge("check2-all", "good", _("Graded, included")),
    "dropped": StateBadge("dash-circle", "neutral", _("Graded, excluded")),
    "confirmed": StateBadge("check-circle", "good", _("Confirmed")),
    "chosen": StateBadge("list", "info", _("Series chosen")),
    "set_aside": StateBadge("dash-circle", "neutral", _("Set aside")),
    "fault": StateBadge("exclamation-circle", "warn", _("Note")),
    "receiving": StateBadge("cloud-arrow-up", "info", _("Being sent")),
    "stored": StateBadge("inbox", "info", _("Being processed")),
    "expired": StateBadge("clock-history", "neutral", _("Expired")),
    "proposed": StateBadge("hourglass-split", "warn", _("Proposed")),
    "corrected": StateBadge("pencil", "good", _("Corrected")),
    # readings
    "graded": StateBadge("award", "good", _("Graded")),
    "cannot_judge": StateBadge("question-circle", "warn", _("Cannot judge")),
    # sets and batches
    "planned": StateBadge("calendar-event", "neutral", pgettext_lazy("batch", "Planned")),
    "building": StateBadge("arrow-repeat", "info", _("Being prepared")),
    "built": StateBadge("box-seam", "info", _("Ready")),
    "revoked": StateBadge("slash-circle", "bad", pgettext_lazy("batch", "Revoked")),
    "replaced": StateBadge("clock-history", "neutral", _("Replaced")),
    "released": StateBadge("box-arrow-up", "good", pgettext_lazy("batch", "Released")),
    "downloaded": StateBadge("download", "good", _("Downloaded")),
    "note": StateBadge("info-circle", "neutral", _("Note")),
    # submissions
    "validating": StateBadge("arrow-repeat", "info", _("Checking the files")),
    "scoring": StateBadge("arrow-repeat", "info", _("Being scored")),
    "valid": StateBadge("clipboard-check", "info", _("Files are valid")),
    "scored": StateBadge("clipboard-check", "good", _("Scored")),
    "rejected": StateBadge("x-circle", "bad", _("Rejected")),
    "cancelled": StateBadge("dash-circle", "neutral", _("Cancelled")),
    # board
    "ranked": StateBadge("list-ol", "good", pgettext_lazy("team", "Ranked")),
    "N.S.": StateBadge("dash-circle", "neutral", _("N.S.")),
    "baseline": StateBadge("signpost", "neutral", _("Baseline")),
    "excluded": StateBadge("slash-circle", "bad", pgettext_lazy("team", "Excluded")),
    "provisional": StateBadge("hourglass-split", "warn", _("Provisional")),
    "final": StateBadge("flag", "good", _("Final")),
    "frozen": StateBadge("snow", "info", _("Frozen")),
    "announced": StateBadge("megaphone", "gold", _("Announced")),
    # work
    "waiting": StateBadge("hourglass-split", "neutral", _("Waiting")),
    "running": StateBadge("arrow-repeat", "info", _("Running")),
    "done": StateBadge("check-circle", "good", _("Done")),
    "failed": StateBadge("exclamation-triangle", "bad", _("Failed")),
    "stuck": StateBadge("exclamation-triangle", "warn", _("Stuck")),
    # challenge, phase, people
    "draft": StateBadge("pencil", "neutral", _("Draft")),
    "upcoming": StateBadge("calendar-event", "neutral", _("Upcoming")),
    "opened": StateBadge("unlock", "good", pgettext_lazy("window", "Open")),
    "applied": StateBadge("hourglass-split", "warn", _("Awaiting approval")),
    "open": StateBadge("unlock", "good", pgettext_lazy("window", "Open")),
    "closed": StateBadge("lock", "neutral", pgettext_lazy("window", "Closed")),
    "invited": StateBadge("envelope", "neutral", _("Invited")),
    "active": StateBadge("person-check", "good", _("Active")),
    "approved": StateBadge("person-check", "good", _("Approved")),
    "signed": StateBadge("pen", "good", _("Charter signed")),
    "unsigned": StateBadge("pen", "warn", _("Charter not signed")),
}
# A work row's icon turns while something really happens.
MOVING = frozenset(name for name, look in LOOKS.items() if look.icon == "arrow-repeat")
GRADE_TONES = {"A": "good", "B": "info", "C": "warn", "D": "bad"}


def look_of(state: str) -> StateBadge:
    """The look of a state; a state that nobody has drawn yet keeps its own word in the neutral tone, so no page fails."""
    name = str(state)
    return LOOKS.get(name) or StateBadge("info-circle", "neutral", capfirst(name.replace("_", " ")))

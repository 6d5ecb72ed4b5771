"""One look for each state that a person can meet: an icon, a word and a tone, never colour alone (docs/design.md)."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Look(NamedTuple):
    """`icon` is a name in frontend/icons.txt; `tone` one of neutral, info, good, warn, bad, gold, accent."""

    icon: str
    tone: str
    word: str | Promise


LOOKS: dict[str, Look] = {
    # an exam and its files
    "received": Look("inbox", "info", _("Received")),
    "unpacking": Look("arrow-repeat", "info", _("Unpacking")),
    "deidentifying": Look("arrow-repeat", "info", _("De-identifying")),
    "deidentified": Look("shield-check", "info", _("De-identified")),
    "checking": Look("arrow-repeat", "info", _("Checking quality")),
    "accepted": Look("check-circle", "good", _("Accepted")),
    "written": Look("check-circle", "good", _("Accepted")),
    "sanitised": Look("check2-all", "good", _("Accepted after cleaning")),
    "review": Look("eye", "warn", _("Needs a look")),
    "quarantined": Look("shield-lock", "warn", _("In quarantine")),
    "refused": Look("x-octagon", "bad", _("Refused")),
    "withdrawn": Look("slash-circle", "neutral", _("Withdrawn")),
    "kept": Look("check2-all", "good", _("Graded, goes on")),
    "dropped": Look("dash-circle", "neutral", _("Graded, does not go on")),
    "confirmed": Look("check-circle", "good", _("Goes on")),
    "fault": Look("exclamation-circle", "warn", _("Note")),
    "receiving": Look("cloud-arrow-up", "info", _("Being sent")),
    "stored": Look("inbox", "info", _("Being read")),
    "expired": Look("clock-history", "neutral", _("Given up")),
    "erased": Look("trash", "neutral", _("Erased")),
    # readings
    "to_grade": Look("pencil", "accent", _("To grade")),
    "graded": Look("award", "good", _("Graded")),
    "adjudication": Look("people", "warn", _("Readers disagree")),
    "cannot_judge": Look("question-circle", "warn", _("Cannot judge")),
    # sets and batches
    "assigned": Look("diagram-3", "info", _("In a set")),
    "planned": Look("calendar-event", "neutral", pgettext_lazy("batch", "Planned")),
    "building": Look("arrow-repeat", "info", _("Being prepared")),
    "built": Look("box-seam", "info", _("Ready")),
    "ready": Look("box-seam", "info", _("Ready")),
    "revoked": Look("slash-circle", "bad", pgettext_lazy("batch", "Revoked")),
    "replaced": Look("clock-history", "neutral", _("Replaced")),
    "released": Look("box-arrow-up", "good", pgettext_lazy("batch", "Released")),
    "downloaded": Look("download", "good", _("Downloaded")),
    "sealed": Look("lock", "info", _("Sealed")),
    # submissions
    "uploading": Look("cloud-arrow-up", "info", _("Uploading")),
    "submitted": Look("send", "info", _("Submitted")),
    "validating": Look("arrow-repeat", "info", _("Checking the files")),
    "validated": Look("clipboard-check", "info", _("Files are in order")),
    "scoring": Look("arrow-repeat", "info", _("Being scored")),
    "valid": Look("clipboard-check", "info", _("Files are in order")),
    "scored": Look("clipboard-check", "good", _("Scored")),
    "rejected": Look("x-circle", "bad", _("Rejected")),
    "late": Look("clock-history", "bad", _("Too late")),
    "cancelled": Look("dash-circle", "neutral", _("Cancelled")),
    # board
    "ranked": Look("list-ol", "good", pgettext_lazy("team", "Ranked")),
    "winner": Look("trophy", "gold", _("Winner")),
    "N.S.": Look("dash-circle", "neutral", _("N.S.")),
    "baseline": Look("signpost", "neutral", _("Baseline")),
    "excluded": Look("slash-circle", "bad", pgettext_lazy("team", "Excluded")),
    "provisional": Look("hourglass-split", "warn", _("Provisional")),
    "final": Look("flag", "good", _("Final")),
    "frozen": Look("snow", "info", _("Frozen")),
    "announced": Look("megaphone", "gold", _("Announced")),
    # work
    "waiting": Look("hourglass-split", "neutral", _("Waiting")),
    "queued": Look("hourglass-split", "neutral", _("Waiting")),
    "pending": Look("hourglass-split", "neutral", _("Waiting")),
    "running": Look("arrow-repeat", "info", _("Running")),
    "retrying": Look("arrow-clockwise", "warn", _("Trying again")),
    "done": Look("check-circle", "good", _("Done")),
    "failed": Look("exclamation-triangle", "bad", _("Failed")),
    "stuck": Look("exclamation-triangle", "warn", _("Stuck")),
    # challenge, phase, people
    "draft": Look("pencil", "neutral", _("Draft")),
    "upcoming": Look("calendar-event", "neutral", _("Upcoming")),
    "opened": Look("unlock", "good", pgettext_lazy("window", "Open")),
    "applied": Look("hourglass-split", "warn", _("Waits for approval")),
    "open": Look("unlock", "good", pgettext_lazy("window", "Open")),
    "closed": Look("lock", "neutral", pgettext_lazy("window", "Closed")),
    "invited": Look("envelope", "neutral", _("Invited")),
    "active": Look("person-check", "good", _("Active")),
    "approved": Look("person-check", "good", _("Approved")),
    "signed": Look("pen", "good", _("Charter signed")),
    "unsigned": Look("pen", "warn", _("Charter not signed")),
}
# A work row's icon turns while something really happens.
MOVING = frozenset(name for name, look in LOOKS.items() if look.icon == "arrow-repeat")
# The codes that other parts use for the same thing.
ALIASES = {
    "ns": "N.S.",
    "accept": "accepted",
    "reject": "rejected",
    "quarantine": "quarantined",
    "sanitise": "sanitised",
    "in_set": "assigned",
    "split": "assigned",
    "succeeded": "done",
    "finished": "done",
}
GRADE_TONES = {"A": "good", "B": "info", "C": "warn", "D": "bad"}


def look_of(state: str) -> Look:
    """The look of a state; a state that nobody has drawn yet keeps its own word in the neutral tone, so no page fails."""
    name = str(state)
    known = LOOKS.get(ALIASES.get(name, name))
    return known or Look("info-circle", "neutral", capfirst(name.replace("_", " ")))

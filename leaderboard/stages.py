"""Ranking and the mails of an announcement as stages; which parts of a phase's scores are out."""

from django.utils.translation import gettext_noop, pgettext_lazy

from core.registry import NoticeKind, Stage

STAGES = (
    Stage(
        "rank_phase",
        pgettext_lazy("stage", "Ranking"),
        "leaderboard.rank.rank_phase",
        head_start_minutes=60,
        reads_truth=True,
    ),
    Stage(
        "tell_announcement",
        pgettext_lazy("stage", "Notice of the winners"),
        "leaderboard.notices.tell_announcement",
        head_start_minutes=60,
    ),
)
NOTICES = (
    NoticeKind(
        "winners_announced",
        pgettext_lazy("notice", "The winners are announced"),
        gettext_noop("%(question)s: %(winners)s won"),
        gettext_noop("Winner of “%(question)s”: %(winners)s. %(own)s %(best)s\n\n%(words)s"),
        gettext_noop("Open the board"),
        gettext_noop("You receive this because you took part in this challenge."),
    ),
)
HOOKS = {
    "revealed_parts": ["leaderboard.permissions.revealed_parts"],
    "final_parts": ["leaderboard.permissions.final_parts"],
}

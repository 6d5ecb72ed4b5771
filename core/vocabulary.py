"""The words of stages, deeds and subjects: rows keep the English name for scripts and the audit chain, pages say it in the
reader's language."""

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_noop, pgettext_lazy

from core.looks import look_of

STAGES: dict[str, str | Promise] = {
    "receive": pgettext_lazy("stage", "Reception"),
    "deidentify": pgettext_lazy("stage", "De-identification"),
    "second_check": pgettext_lazy("stage", "Second check"),
    "check_quality": pgettext_lazy("stage", "Quality control"),
    "assign_readings": pgettext_lazy("stage", "Assignment of readings"),
    "grade": pgettext_lazy("stage", "Reading"),
    "withdraw": pgettext_lazy("stage", "Withdrawal"),
    "build_batch": pgettext_lazy("stage", "Preparation of a batch"),
    "seal_truth": pgettext_lazy("stage", "Sealing of the truth"),
    "accept_submission": pgettext_lazy("stage", "Reception of a submission"),
    "validate_submission": pgettext_lazy("stage", "Check of a submission"),
    "score_submission": pgettext_lazy("stage", "Scoring"),
    "choose_jury_cases": pgettext_lazy("stage", "Choice of the jury's cases"),
    "rank_phase": pgettext_lazy("stage", "Ranking"),
    "mail_announcement": pgettext_lazy("stage", "Announcement by e-mail"),
}

# What `core.audit.record` keeps as the verb. Changes of state are not here: they are said as "<subject>: <state>".
DEEDS = frozenset(
    {
        gettext_noop("batch could not be built"),
        gettext_noop("batch planned"),
        gettext_noop("batch rescheduled"),
        gettext_noop("centre added"),
        gettext_noop("centre membership revoked"),
        gettext_noop("challenge created"),
        gettext_noop("challenge edited"),
        gettext_noop("charter published"),
        gettext_noop("charter signed"),
        gettext_noop("faces of a batch chosen"),
        gettext_noop("final submission chosen"),
        gettext_noop("invitation accepted"),
        gettext_noop("invitation cancelled"),
        gettext_noop("invitation sent again"),
        gettext_noop("jury begun"),
        gettext_noop("jury cases chosen"),
        gettext_noop("jury finished"),
        gettext_noop("jury left"),
        gettext_noop("jury opened"),
        gettext_noop("person enrolled"),
        gettext_noop("person invited"),
        gettext_noop("phase rescheduled"),
        gettext_noop("phase rescored"),
        gettext_noop("question entered"),
        gettext_noop("question loaded"),
        gettext_noop("ranking asked for"),
        gettext_noop("ranking computed"),
        gettext_noop("ranking published"),
        gettext_noop("role granted"),
        gettext_noop("role revoked"),
        gettext_noop("rules waived"),
        gettext_noop("split drafted"),
        gettext_noop("submission received"),
        gettext_noop("team applied"),
        gettext_noop("team excluded"),
        gettext_noop("team left"),
        gettext_noop("token issued"),
        gettext_noop("token revoked"),
        gettext_noop("truth could not be sealed"),
        gettext_noop("truth sealed"),
        gettext_noop("winners announced"),
        gettext_noop("work asked for again"),
    }
)

SUBJECTS: dict[str, str | Promise] = {
    "accesstoken": pgettext_lazy("subject", "token"),
    "announcement": pgettext_lazy("subject", "announcement"),
    "batch": pgettext_lazy("subject", "batch"),
    "centre": pgettext_lazy("subject", "centre"),
    "challenge": pgettext_lazy("subject", "challenge"),
    "charter": pgettext_lazy("subject", "charter"),
    "exam": pgettext_lazy("subject", "exam"),
    "invitation": pgettext_lazy("subject", "invitation"),
    "jurysession": pgettext_lazy("subject", "jury"),
    "phase": pgettext_lazy("subject", "phase"),
    "question": pgettext_lazy("subject", "question"),
    "ranking": pgettext_lazy("subject", "ranking"),
    "reading": pgettext_lazy("subject", "reading"),
    "review": pgettext_lazy("subject", "review"),
    "role": pgettext_lazy("subject", "role"),
    "split": pgettext_lazy("subject", "split"),
    "submission": pgettext_lazy("subject", "submission"),
    "team": pgettext_lazy("subject", "team"),
    "teamentry": pgettext_lazy("subject", "entry of a team"),
    "truth": pgettext_lazy("subject", "truth"),
    "upload": pgettext_lazy("subject", "upload"),
    "user": pgettext_lazy("subject", "person"),
    "work": pgettext_lazy("subject", "work"),
}


def stage_word(name: str) -> str:
    """A stage as people call it; one that has no word yet keeps its own name, so that no page fails."""
    return str(STAGES.get(name, name.replace("_", " ")))


def subject_word(kind: str) -> str:
    """What a record is about, by the model's name."""
    return str(SUBJECTS.get(kind, kind))


def deed_word(verb: str, subject_kind: str) -> str:
    """An audit verb in the reader's language; a change of state as "exam: accepted"."""
    if verb in DEEDS:
        return gettext(verb)
    kind, _space, state = verb.partition(" ")
    if kind == subject_kind and state:
        return f"{subject_word(kind)}: {str(look_of(state).word).lower()}"
    return verb

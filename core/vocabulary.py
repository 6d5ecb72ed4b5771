"""The words of stages, deeds and subjects: rows keep the English name for scripts and the audit chain, pages say it in the
reader's language."""

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_noop, pgettext_lazy

from core.looks import look_of
from core.registry import stages
from core.words import labelled

STEPS: dict[str, str | Promise] = {
    "grade": pgettext_lazy("stage", "Reading"),
    "withdraw": pgettext_lazy("stage", "Withdrawal"),
    "correct": pgettext_lazy("stage", "Correction"),
}
"""What people or a part of a stage do to an exam, which progress records and reviews name like a stage."""

# What `core.audit.record` keeps as the verb. Changes of state are not here: they are said as "<subject>: <state>".
DEEDS = frozenset(
    {
        gettext_noop("batch could not be built"),
        gettext_noop("batch planned"),
        gettext_noop("batch rescheduled"),
        gettext_noop("centre added"),
        gettext_noop("centre membership revoked"),
        gettext_noop("centre withdrawn"),
        gettext_noop("challenge created"),
        gettext_noop("challenge edited"),
        gettext_noop("charter published"),
        gettext_noop("charter signed"),
        gettext_noop("conflict of interest declared"),
        gettext_noop("correction proposed"),
        gettext_noop("deletion attested"),
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
        gettext_noop("mail not sent"),
        gettext_noop("method measured"),
        gettext_noop("password changed"),
        gettext_noop("person enrolled"),
        gettext_noop("person invited"),
        gettext_noop("phase rescheduled"),
        gettext_noop("phase rescored"),
        gettext_noop("draft begun"),
        gettext_noop("draft deleted"),
        gettext_noop("edition begun"),
        gettext_noop("question entered"),
        gettext_noop("question loaded"),
        gettext_noop("ranking asked for"),
        gettext_noop("ranking computed"),
        gettext_noop("ranking published"),
        gettext_noop("role granted"),
        gettext_noop("role revoked"),
        gettext_noop("scores entered"),
        gettext_noop("batch downloaded"),
        gettext_noop("centre key handed out"),
        gettext_noop("session ended"),
        gettext_noop("sign-in refused"),
        gettext_noop("signed in"),
        gettext_noop("rules waived"),
        gettext_noop("split drafted"),
        gettext_noop("submission received"),
        gettext_noop("submission refunded"),
        gettext_noop("team applied"),
        gettext_noop("team excluded"),
        gettext_noop("team left"),
        gettext_noop("text read"),
        gettext_noop("teams merged"),
        gettext_noop("token issued"),
        gettext_noop("token revoked"),
        gettext_noop("truth could not be sealed"),
        gettext_noop("truth sealed"),
        gettext_noop("winners announced"),
        gettext_noop("work asked for again"),
        gettext_noop("words of texts decided"),
    }
)

SUBJECTS: dict[str, str | Promise] = {
    "accesstoken": pgettext_lazy("subject", "token"),
    "announcement": pgettext_lazy("subject", "announcement"),
    "batch": pgettext_lazy("subject", "batch"),
    "centre": pgettext_lazy("subject", "centre"),
    "challenge": pgettext_lazy("subject", "challenge"),
    "charter": pgettext_lazy("subject", "charter"),
    "correction": pgettext_lazy("subject", "correction"),
    "exam": pgettext_lazy("subject", "exam"),
    "invitation": pgettext_lazy("subject", "invitation"),
    "jurysession": pgettext_lazy("subject", "jury"),
    "phase": pgettext_lazy("subject", "phase"),
    "question": pgettext_lazy("subject", "question"),
    "questiondraft": pgettext_lazy("subject", "draft of a question"),
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
    "notice": pgettext_lazy("subject", "notice"),
    "signedsession": pgettext_lazy("subject", "session"),
    "user": pgettext_lazy("subject", "person"),
    "work": pgettext_lazy("subject", "work"),
}

REFUSALS: dict[str, str | Promise] = {
    "unreadable_file": pgettext_lazy("refusal", "damaged file"),
    "infected": pgettext_lazy("refusal", "infected file"),
    "wrong_format": pgettext_lazy("refusal", "wrong format"),
    "missing_file": pgettext_lazy("refusal", "missing file"),
    "extra_file": pgettext_lazy("refusal", "file too many"),
    "missing_column": pgettext_lazy("refusal", "missing column"),
    "extra_column": pgettext_lazy("refusal", "undeclared column"),
    "missing_id": pgettext_lazy("refusal", "missing case"),
    "duplicate_id": pgettext_lazy("refusal", "case sent twice"),
    "extra_id": pgettext_lazy("refusal", "unknown case"),
    "duplicate_file": pgettext_lazy("refusal", "file sent twice"),
    "missing_value": pgettext_lazy("refusal", "missing value"),
    "non_numeric": pgettext_lazy("refusal", "value that is not a number"),
    "non_finite": pgettext_lazy("refusal", "value that is not finite"),
    "out_of_range": pgettext_lazy("refusal", "value out of range"),
    "wrong_shape": pgettext_lazy("refusal", "wrong dimensions"),
    "wrong_channels": pgettext_lazy("refusal", "colour image"),
    "geometry_mismatch": pgettext_lazy("refusal", "not aligned with the image"),
    "non_binary_mask": pgettext_lazy("refusal", "mask with other values"),
    "unsafe_archive": pgettext_lazy("refusal", "unsafe archive"),
    "unsafe_file": pgettext_lazy("refusal", "unsafe file"),
    "too_large": pgettext_lazy("refusal", "file too large"),
    "not_dicom": pgettext_lazy("refusal", "not a DICOM file"),
    "no_pixels": pgettext_lazy("refusal", "no image"),
    "unsupported_object": pgettext_lazy("refusal", "type of object not accepted"),
    "unsupported_transfer_syntax": pgettext_lazy("refusal", "compression not accepted"),
    "corrupt_pixels": pgettext_lazy("refusal", "damaged pixel data"),
    "incomplete_series": pgettext_lazy("refusal", "missing slices"),
    "criterion_not_met": pgettext_lazy("refusal", "inclusion criterion not met"),
    "burned_in_text": pgettext_lazy("refusal", "text in the image"),
    "residual_identifier": pgettext_lazy("refusal", "remaining identifier"),
    "duplicate_exam": pgettext_lazy("refusal", "exam sent twice"),
    "consent_missing": pgettext_lazy("refusal", "no consent"),
    "several_series": pgettext_lazy("refusal", "several series to choose from"),
    "centre_withdrawn": pgettext_lazy("refusal", "centre withdrawn"),
    "not_processed": pgettext_lazy("refusal", "not processed"),
    "contradiction": pgettext_lazy("refusal", "contradictory values"),
}
"""What became of a refused exam in two or three words, by the reason's code; the sentence stands with the exam."""


def refusal_word(reason: str) -> str:
    """A refusal's reason in words; one that has none yet keeps its code's words, so that no page fails."""
    return str(REFUSALS.get(reason, reason.replace("_", " ")))


def stage_word(name: str) -> str:
    """A stage as people call it; one that has no word yet keeps its own name, so that no page fails."""
    stage = stages().get(name)
    return str(stage.title if stage else STEPS.get(name, name.replace("_", " ")))


def subject_word(kind: str) -> str:
    """What a record is about, by the model's name."""
    return str(SUBJECTS.get(kind, kind))


def deed_word(verb: str, subject_kind: str) -> str:
    """An audit verb in the reader's language; a change of state as "exam: accepted"."""
    if verb in DEEDS:
        return gettext(verb)
    kind, _space, state = verb.partition(" ")
    if kind == subject_kind and state:
        return labelled(subject_word(kind), str(look_of(state).word).lower())
    return verb

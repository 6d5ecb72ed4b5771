"""Sealing, reception, check and scoring as stages: they pass other work, since teams wait for a deadline."""

from django.utils.translation import gettext_noop, pgettext_lazy

from core.registry import NoticeKind, Stage

STAGES = (
    Stage(
        "seal_truth",
        pgettext_lazy("stage", "Sealing of the reference data"),
        "scoring.seal.seal_truth",
        on_failed="scoring.seal.seal_failed",
        head_start_minutes=60,
        reads_truth=True,
    ),
    Stage(
        "accept_submission",
        pgettext_lazy("stage", "Reception of a submission"),
        "scoring.accept.accept_submission",
        on_failed="scoring.accept.acceptance_failed",
        head_start_minutes=60,
    ),
    Stage(
        "validate_submission",
        pgettext_lazy("stage", "Check of a submission"),
        "scoring.validate.validate_submission",
        on_failed="scoring.validate.validation_failed",
        head_start_minutes=60,
    ),
    Stage(
        "score_submission",
        pgettext_lazy("stage", "Scoring"),
        "scoring.score.score_submission",
        on_failed="scoring.score.scoring_failed",
        head_start_minutes=60,
        reads_truth=True,
    ),
    Stage(
        "copy_case_scores",
        pgettext_lazy("stage", "Transfer of the scores of cases"),
        "scoring.evaluations.copy_case_scores",
        reads_truth=True,
    ),
    Stage("rescore_phase", pgettext_lazy("stage", "Scoring of a phase once more"), "scoring.rescore.carry_out_rescore"),
    Stage(
        "choose_jury_cases",
        pgettext_lazy("stage", "Choice of the jury's cases"),
        "scoring.jury_cases.choose_jury_cases",
        reads_truth=True,
    ),
)
SENDER = gettext_noop("You receive this because you sent this submission.")
NOTICES = (
    NoticeKind(
        "submission_scored",
        pgettext_lazy("notice", "My submission is scored"),
        gettext_noop("%(question)s: your submission is scored"),
        gettext_noop("The submission of team %(team)s to “%(question)s” is scored."),
        gettext_noop("Open the submission"),
        SENDER,
    ),
    NoticeKind(
        "submission_rejected",
        pgettext_lazy("notice", "My submission is rejected"),
        gettext_noop("%(question)s: your submission is rejected"),
        gettext_noop(
            "The submission of team %(team)s to “%(question)s” has errors and was not scored. Its page lists them "
            "all; a rejected submission costs no attempt."
        ),
        gettext_noop("Open the submission"),
        SENDER,
    ),
    NoticeKind(
        "submission_failed",
        pgettext_lazy("notice", "My submission could not be scored"),
        gettext_noop("%(question)s: your submission could not be scored"),
        gettext_noop(
            "The submission of team %(team)s to “%(question)s” could not be scored, and not because of your file. The "
            "organisers have been informed; it costs no attempt."
        ),
        gettext_noop("Open the submission"),
        SENDER,
    ),
)
HOOKS = {
    "metrics": ["scoring.figures.submission_samples"],
    "submission_moved": ["scoring.notices.tell_submission"],
    "exam_withdrawn": ["scoring.seal.take_exam_out_of_truth"],
    "correction_begins": ["scoring.correct_truth.begin_correction"],
    "truth_is_sealed": ["scoring.correct_truth.truth_is_sealed"],
    "release_obstacles": ["scoring.seal.release_obstacles"],
    "withdrawal_progress": ["scoring.reseal.withdrawal_progress"],
    "role_revoked": ["scoring.jury.end_sessions"],
    "phase_is_used": ["scoring.submit.has_submissions"],
    "team_has_sent": ["scoring.submit.team_has_sent"],
}
PRELOAD = ("scoring.warm",)

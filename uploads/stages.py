"""The stage that takes uploads apart, and what uploads do when something happens elsewhere."""

from django.utils.translation import gettext_noop, pgettext_lazy

from core.registry import NoticeKind, Stage

STAGES = (
    Stage(
        "receive",
        pgettext_lazy("stage", "Reception"),
        "uploads.receive.receive_upload",
        on_failed="uploads.receive.receive_failed",
    ),
    Stage(
        "withdraw_centre", pgettext_lazy("stage", "Withdrawal of a centre"), "uploads.withdraw.withdraw_exams_of_centre"
    ),
)
NOTICES = (
    NoticeKind(
        "exam_refused",
        pgettext_lazy("notice", "An exam that I sent is refused"),
        gettext_noop("%(question)s: exam %(exam)s is refused"),
        gettext_noop("Exam %(exam)s of “%(question)s” is refused. %(reasons)s"),
        gettext_noop("See what to do"),
        gettext_noop("You receive this because you sent this exam."),
        delivery="digest",
    ),
)
HOOKS = {
    "metrics": ["uploads.figures.upload_samples"],
    "sweep": ["uploads.store.sweep_uploads", "uploads.store.sweep_staging", "uploads.stow_groups.sweep_pushed_studies"],
    "role_revoked": ["uploads.store.end_uploads"],
}

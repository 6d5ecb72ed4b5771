"""The preparation of a batch as a stage, and what batches do when an exam leaves or is corrected."""

from django.utils.translation import gettext_noop, pgettext_lazy

from core.registry import NoticeKind, Stage

STAGES = (
    Stage(
        "seal_labels",
        pgettext_lazy("stage", "Sealing of the labels"),
        "batches.labels.move_label_files",
        head_start_minutes=60,
        reads_truth=True,
    ),
    Stage(
        "build_batch",
        pgettext_lazy("stage", "Preparation of a batch"),
        "batches.build.build_batch",
        on_failed="batches.build.build_failed",
        reads_truth=True,
    ),
    Stage(
        "mail_correction",
        pgettext_lazy("stage", "Notice of a correction by e-mail"),
        "batches.corrections.mail_correction",
    ),
    Stage("mail_deletion", pgettext_lazy("stage", "Request of deletion by e-mail"), "batches.deletion.mail_deletion"),
    Stage(
        "tell_release",
        pgettext_lazy("stage", "Notice of a release"),
        "batches.notices.tell_release",
        head_start_minutes=60,
    ),
)
NOTICES = (
    NoticeKind(
        "batch_released",
        pgettext_lazy("notice", "A batch is released"),
        gettext_noop("%(question)s: batch %(batch)s is released"),
        gettext_noop("The batch %(batch)s of “%(question)s” can be downloaded now."),
        gettext_noop("Open the data page"),
        gettext_noop("You receive this because you are a member of a team in this challenge."),
    ),
)
HOOKS = {
    "exam_withdrawn": ["batches.release.take_exam_out"],
    "annotation_corrected": [
        "batches.labels.seal_corrected",
        "batches.release.deliver_correction",
        "batches.corrections.tell_teams",
    ],
    "exam_is_fixed": ["batches.split.is_in_frozen_set"],
    "withdrawal_progress": ["batches.deletion.withdrawal_progress"],
}

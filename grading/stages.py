"""The assignment of readings as a stage, and what readings do when an exam or a reader leaves."""

from django.utils.translation import gettext_noop, pgettext_lazy

from core.registry import NoticeKind, Stage

STAGES = (Stage("assign_readings", pgettext_lazy("stage", "Assignment of readings"), "grading.assign.assign_readings"),)
NOTICES = (
    NoticeKind(
        "readings_waiting",
        pgettext_lazy("notice", "Exams wait for my grade"),
        gettext_noop("%(question)s: exams wait for your grade"),
        gettext_noop("New exams of “%(question)s” wait in your queue."),
        gettext_noop("Open the queue"),
        gettext_noop("You receive this because you are a reader of this challenge."),
        delivery="digest",
    ),
)
HOOKS = {
    "sweep": ["grading.assign.sweep_unassigned", "grading.pictures.sweep_pictures"],
    "exam_withdrawn": ["grading.assign.cancel_readings", "grading.pictures.forget_exam"],
    "role_revoked": ["grading.assign.return_readings"],
}

"""De-identification and quality control as stages; the sweep empties the quarantine."""

from django.utils.translation import pgettext_lazy

from core.registry import Stage

STAGES = (
    Stage(
        "deidentify",
        pgettext_lazy("stage", "De-identification"),
        "anonymization.deidentify.deidentify_exam",
        on_failed="anonymization.deidentify.deidentification_failed",
    ),
    Stage(
        "check_quality",
        pgettext_lazy("stage", "Quality control"),
        "anonymization.quality.check_quality",
        on_failed="anonymization.quality.quality_failed",
    ),
    Stage("apply_words", pgettext_lazy("stage", "De-identification of texts"), "anonymization.texts.apply_words"),
)
HOOKS = {
    "sweep": ["anonymization.retention.sweep_quarantine", "anonymization.undecided.sweep_undecided"],
    "exam_withdrawn": [
        "anonymization.images.forget_images",
        "anonymization.texts.forget_texts",
        "anonymization.forget.forget_findings",
    ],
}
PRELOAD = ("anonymization.warm",)

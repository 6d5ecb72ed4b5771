from django.apps import AppConfig

from core.registry import register_stage, register_sweeper
from formats.child import preload


class AnonymizationConfig(AppConfig):
    name = "anonymization"

    def ready(self) -> None:
        preload("anonymization.warm")
        register_stage(
            "deidentify",
            "anonymization.deidentify.deidentify_exam",
            on_failed="anonymization.deidentify.deidentification_failed",
        )
        register_stage(
            "check_quality", "anonymization.quality.check_quality", on_failed="anonymization.quality.quality_failed"
        )
        register_sweeper("quarantine", "anonymization.retention.sweep_quarantine")

from django.apps import AppConfig

from core.events import register_handler
from core.registry import register_stage, register_sweeper


class GradingConfig(AppConfig):
    name = "grading"

    def ready(self) -> None:
        register_stage("assign_readings", "grading.assign.assign_readings")
        register_sweeper("unassigned", "grading.assign.sweep_unassigned")
        register_handler("exam_withdrawn", "grading.assign.cancel_readings")
        register_handler("exam_withdrawn", "grading.pictures.forget_exam")
        register_handler("role_revoked", "grading.assign.return_readings")
        register_sweeper("pictures", "grading.pictures.sweep_pictures")

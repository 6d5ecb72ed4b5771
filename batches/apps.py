from django.apps import AppConfig

from core.events import register_handler
from core.registry import register_stage


class BatchesConfig(AppConfig):
    name = "batches"

    def ready(self) -> None:
        register_stage("build_batch", "batches.release.build_batch", on_failed="batches.release.build_failed")
        register_handler("exam_withdrawn", "batches.release.take_exam_out")

from django.apps import AppConfig

from core.events import register_handler
from core.registry import register_stage, register_sweeper


class UploadsConfig(AppConfig):
    name = "uploads"

    def ready(self) -> None:
        register_stage("receive", "uploads.receive.receive_upload", on_failed="uploads.receive.receive_failed")
        register_sweeper("uploads", "uploads.store.sweep_uploads")
        register_handler("role_revoked", "uploads.store.end_uploads")

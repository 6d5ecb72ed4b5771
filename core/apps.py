from django.apps import AppConfig

from core.registry import register_sweeper


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        register_sweeper("audit", "core.audit.chain_records")

from django.apps import AppConfig

from core.registry import register_stage


class ProbeConfig(AppConfig):
    name = "tests.core.probe"
    label = "probe"

    def ready(self) -> None:
        register_stage("probe", "tests.core.probe.slow.slow_stage")

from django.apps import AppConfig

from concours.formats.child import preload
from core.registry import preloads


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        """The fork server of confined children starts later, in the processes that need one."""
        preload(*preloads())

"""Says to Django what only the top of the house knows: where Celery's app is, on sites that have a broker."""

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings


class SiteConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        """Web processes and sweepers send messages too: without Celery's app and tasks nobody would be woken.

        By name, so that an embedded site, which has no broker, does not load Celery.
        """
        if settings.CELERY_BROKER_URL:
            import_module("config.celery").app.autodiscover_tasks(force=True)

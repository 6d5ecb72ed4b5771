"""Celery's names for this app's stages."""

from core.tasks import stage_task
from core.work import perform


@stage_task("receive")
def receive_task(work_id: int) -> None:
    perform(work_id)

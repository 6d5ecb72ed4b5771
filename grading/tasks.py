"""Celery's names for this app's stages."""

from core.tasks import stage_task
from core.work import perform


@stage_task("assign_readings")
def assign_readings_task(work_id: int) -> None:
    perform(work_id)

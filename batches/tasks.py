"""Celery's names for this app's stages."""

from core.tasks import stage_task
from core.work import perform


@stage_task("build_batch")
def build_batch_task(work_id: int) -> None:
    perform(work_id)

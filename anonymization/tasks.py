"""Celery's names for this app's stages."""

from core.tasks import stage_task
from core.work import perform


@stage_task("deidentify")
def deidentify_task(work_id: int) -> None:
    perform(work_id)


@stage_task("check_quality")
def quality_task(work_id: int) -> None:
    perform(work_id)

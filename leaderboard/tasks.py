"""Celery's names for this app's stages."""

from core.tasks import stage_task
from core.work import perform


@stage_task("rank_phase")
def rank_phase_task(work_id: int) -> None:
    perform(work_id)


@stage_task("mail_announcement")
def mail_announcement_task(work_id: int) -> None:
    perform(work_id)

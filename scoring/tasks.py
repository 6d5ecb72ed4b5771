"""Celery's names for this app's stages."""

from core.tasks import stage_task
from core.work import perform


@stage_task("seal_truth")
def seal_truth_task(work_id: int) -> None:
    perform(work_id)


@stage_task("accept_submission")
def accept_submission_task(work_id: int) -> None:
    perform(work_id)


@stage_task("validate_submission")
def validate_submission_task(work_id: int) -> None:
    perform(work_id)


@stage_task("score_submission")
def score_submission_task(work_id: int) -> None:
    perform(work_id)


@stage_task("choose_jury_cases")
def choose_jury_cases_task(work_id: int) -> None:
    perform(work_id)

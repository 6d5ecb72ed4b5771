"""The queue: one row is one piece of work of one stage on one subject. The row is the truth, messages only wake workers."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Work(models.Model):
    """A piece of work, claimed with a lease and finished by the holder of its newest token."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    stage = models.CharField(max_length=30)
    subject_id = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    run_at = models.DateTimeField(default=timezone.now)
    place_at = models.DateTimeField(default=timezone.now)  # the order of the queue: run_at less the stage's head start
    attempts = models.PositiveSmallIntegerField(default=0)  # tries that ended in an error
    losses = models.PositiveSmallIntegerField(
        default=0
    )  # tries whose worker died: not the work's fault, but not for ever
    outages = models.PositiveSmallIntegerField(default=0)  # tries that ended in a fault of the platform
    token = models.PositiveIntegerField(default=0)  # fencing: only the holder of the newest token may finish
    lease_until = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=80, blank=True)
    reason = models.TextField(blank=True)  # for the log: the error's class and place
    faults = models.JSONField(default=list, blank=True)  # for organisers: [{"reason", "where", "template", "values"}]
    challenge_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    cpu_seconds = models.FloatField(default=0)

    class Meta:
        verbose_name_plural = "work"
        constraints = [
            models.UniqueConstraint(fields=["stage", "subject_id"], name="one_work_per_stage_and_subject"),
            models.CheckConstraint(
                condition=~models.Q(state="failed") | ~models.Q(reason=""), name="failed_work_has_a_reason"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="running") | models.Q(lease_until__isnull=False),
                name="running_work_has_a_lease",
            ),
        ]
        indexes = [
            models.Index(fields=["place_at", "id"], condition=models.Q(state="waiting"), name="waiting_work_in_order"),
            models.Index(fields=["lease_until"], condition=models.Q(state="running"), name="running_work_by_lease"),
            models.Index(fields=["finished_at"], condition=models.Q(state="done"), name="done_work_by_end"),
            models.Index(fields=["finished_at"], condition=models.Q(state="failed"), name="failed_work_by_end"),
            models.Index(fields=["challenge_id", "state", "stage"], name="work_of_a_challenge"),
        ]

    def __str__(self) -> str:
        return f"{self.stage} of {self.subject_id}: {self.state}"

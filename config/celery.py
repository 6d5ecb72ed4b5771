"""Celery: the production way to wake workers. Rows are the queue; a message only says which row to look at."""

import os

from celery import Celery
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
from config.environment import Environment

env = Environment()
app = Celery("concours")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    # A web process tries once to wake a worker; the sweep tries again. Workers wait for the broker by themselves.
    broker_transport_options={"visibility_timeout": 120, "max_retries": 0, "socket_connect_timeout": 2},
    task_default_queue="concours",
    worker_hijack_root_logger=False,
)
QUEUES = {"all": ("concours", "truth"), "truth": ("truth",), "other": ("concours",)}
app.conf.task_queues = [Queue(name) for name in QUEUES[env.choice("CONCOURS_STAGES", "all", *QUEUES)]]
app.autodiscover_tasks()

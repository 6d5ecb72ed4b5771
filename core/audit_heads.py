"""The newest link of the audit trail, written once a day to a file and the log: a trail whose end was cut off lacks it."""

from __future__ import annotations

import logging
from pathlib import Path

from django.conf import settings

from core.audit import chain_head
from core.clock import database_now

log = logging.getLogger(__name__)


def heads_file() -> Path:
    return Path(settings.DATA) / "audit-heads.txt"


def export_head() -> int:
    """The sweep's task: a line `date number:hmac` for each day on which there is a trail."""
    path, today = heads_file(), database_now().date().isoformat()
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    if lines and lines[-1].startswith(today):
        return 0
    number, link = chain_head()
    if number == 0:
        return 0
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{today} {number}:{link}\n")
    log.warning("audit head %s %s:%s", today, number, link)  # so that it also reaches wherever logs are collected
    return 1


def exported_heads() -> list[str]:
    """Every `number:hmac` in the file, oldest first."""
    path = heads_file()
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [line.split(" ", 1)[1] for line in lines if " " in line]

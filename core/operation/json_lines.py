"""The log as JSON, one object per line, for programs that collect logs. No line has an identity, an address or a file."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from core.failures import describe
from core.operation.log_context import current_request, current_task

# Their messages contain the path of the request; its first argument says what happened.
OF_REQUESTS = ("django.request", "django.security", "django.server")
MEASURES = ("status", "duration_ms", "method", "outcome", "cpu_ms")


class JsonLines(logging.Formatter):
    """`time`, `level`, `logger`, `message`; `request`, `route`, `work`, `stage`; measures; `error` as class and place."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
        }
        if request := current_request.get():
            line["request"], line["route"] = request.id, request.route
        if task := current_task.get():
            line["work"], line["stage"] = task.work_id, task.stage
        for name in MEASURES:
            if (value := getattr(record, name, None)) is not None:
                line[name] = value if isinstance(value, int | float | str) else str(value)
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = describe(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def _message(record: logging.LogRecord) -> str:
    if record.name.startswith(OF_REQUESTS):
        return str(record.args[0]) if isinstance(record.args, tuple) and record.args else record.levelname
    return record.getMessage()

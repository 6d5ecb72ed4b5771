"""The structured log: what a line has, and what it never has."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest

from core.claims import claim_next
from core.models import Work
from core.operation.json_lines import JsonLines
from core.operation.log_context import RequestNotes, current_request, working_on
from core.performing import carry_out
from core.work import enqueue


def line(name: str, message: str, *arguments: Any, error: bool = False, **extra: Any) -> dict[str, Any]:
    info = sys.exc_info() if error else None
    record = logging.LogRecord(name, logging.WARNING, __file__, 1, message, arguments, info)  # type: ignore[arg-type]
    vars(record).update(extra)
    parsed: dict[str, Any] = json.loads(JsonLines().format(record))
    return parsed


def test_a_line_says_of_what_request_and_task_it_is() -> None:
    token = current_request.set(RequestNotes("abc", "leaderboard:board"))
    try:
        with working_on(7, "receive"):
            line_result = line("concours", "two\nlines", status=200, duration_ms=1.5)
    finally:
        current_request.reset(token)
    assert (line_result["request"], line_result["route"], line_result["work"], line_result["stage"]) == (
        "abc",
        "leaderboard:board",
        7,
        "receive",
    )
    assert (line_result["status"], line_result["duration_ms"], line_result["message"]) == (200, 1.5, "two\nlines")
    assert "work" not in line("concours", "later")


def test_neither_a_path_nor_the_words_of_an_error_are_written() -> None:
    assert line("django.request", "%s: %s", "Not Found", "/reset/secret-key/")["message"] == "Not Found"
    try:
        raise ValueError("Dupont Marie")
    except ValueError:
        line_result = line("django.request", "%s: %s", "Internal Server Error", "/exams/7/", error=True)
    assert "Dupont" not in json.dumps(line_result)
    assert line_result["error"].startswith("ValueError at operation/test_json_lines.py:")


@pytest.mark.django_db(transaction=True)
def test_the_end_of_a_task_is_a_line_with_its_cost(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.LOG_FORMAT = "json"
    row = enqueue("receive", "00000000-0000-0000-0000-00000000000a")
    with caplog.at_level(logging.INFO, "core.work"):
        claim = claim_next()
        assert claim is not None
        carry_out(claim)
    ended = [record for record in caplog.records if record.getMessage() == "task ended"]
    assert len(ended) == 1 and ended[0].duration_ms >= 0 and ended[0].outcome in ("done", "failed")
    assert Work.objects.get(pk=row.pk).state != "running"

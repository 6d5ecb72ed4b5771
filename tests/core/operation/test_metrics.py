"""`/metrics`: who may read it, its format, and that its figures are those of the tables."""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone

from config.environment import Environment
from core.clock import database_now
from core.models import Work
from tests.factories.contests import contest
from tests.factories.exams import work_all
from tests.factories.people import team_in
from tests.factories.submissions import sent
from tests.processes import environment, server

pytestmark = pytest.mark.django_db
TOKEN = "a-word-of-at-least-24-characters"
LINE = re.compile(r'concours_[a-z0-9_]+(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? -?[0-9.e+-]+(inf)?')


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    cache.clear()


def read(**headers: str) -> Any:
    return Client().get("/metrics", headers=headers)


def figures(settings: Any) -> dict[str, float]:
    settings.METRICS_TOKEN = TOKEN
    cache.clear()
    text = read(Authorization=f"Bearer {TOKEN}").content.decode()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}


def test_it_exists_for_a_token_or_an_allowed_address_alone(settings: Any) -> None:
    assert read().status_code == 404
    settings.METRICS_TOKEN = TOKEN
    assert read().status_code == 404
    assert read(Authorization="Bearer another-word-of-at-least-24").status_code == 404
    answer = read(Authorization=f"Bearer {TOKEN}")
    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (200, "text/plain")
    settings.METRICS_TOKEN = ""
    assert read(Authorization="Bearer ").status_code == 404
    settings.METRICS_ADDRESSES = [ip_network("10.0.0.0/8")]
    assert read().status_code == 404
    settings.METRICS_ADDRESSES = [ip_network("127.0.0.0/8")]
    assert read().status_code == 200


def test_the_queue_is_told_by_stage(settings: Any) -> None:
    now = database_now()
    Work.objects.create(stage="receive", subject_id="1", run_at=now - timedelta(seconds=100))
    Work.objects.create(stage="receive", subject_id="2", run_at=now + timedelta(hours=1))
    Work.objects.create(stage="rank_phase", subject_id="3", state="failed", reason="DiskFull")
    began, ended = now - timedelta(seconds=4), now - timedelta(seconds=1)
    Work.objects.create(
        stage="seal_truth", subject_id="4", state="done", run_at=began, finished_at=ended, cpu_seconds=2
    )
    figures_result = figures(settings)
    assert figures_result['concours_work{stage="receive",state="waiting"}'] == 2
    assert figures_result['concours_work_due{stage="receive"}'] == 1
    assert 100 <= figures_result['concours_work_oldest_due_seconds{stage="receive"}'] < 160
    assert figures_result['concours_work{stage="rank_phase",state="failed"}'] == 1
    assert figures_result['concours_work_seconds_5m{quantile="0.5",stage="seal_truth"}'] == pytest.approx(3, abs=0.01)
    assert figures_result['concours_work_cpu_seconds_5m{stage="seal_truth"}'] == 2


def test_submissions_are_told_by_state_and_reason_without_a_name(settings: Any) -> None:
    small = contest()
    sent(small.question, team_in(small.question, "Blue Whale"), small.entry())
    sent(small.question, team_in(small.question, "Red Fox"), b"id\nnothing")
    work_all()
    figures_result = figures(settings)
    assert figures_result['concours_submissions{state="scored"}'] == 1
    assert figures_result['concours_submissions{state="rejected"}'] == 1
    assert sum(value for name, value in figures_result.items() if 'what="submission"' in name) == 1
    assert figures_result['concours_uploads_in_flight{kind="exam"}'] == 0
    text = "\n".join(figures_result)
    for word in ("Whale", "Fox", small.question.slug, small.question.challenge.slug, "@"):
        assert word not in text


def test_rows_are_counted_at_most_every_ten_seconds(settings: Any, django_assert_num_queries: Any) -> None:
    figures(settings)
    with django_assert_num_queries(0):
        read(Authorization=f"Bearer {TOKEN}")


def test_settings_are_checked() -> None:
    with pytest.raises(ImproperlyConfigured, match="CONCOURS_METRICS_TOKEN"):
        Environment({"CONCOURS_METRICS_TOKEN": "short"}).token("CONCOURS_METRICS_TOKEN")
    with pytest.raises(ImproperlyConfigured, match="CONCOURS_METRICS_ADDRESSES"):
        Environment({"CONCOURS_METRICS_ADDRESSES": "10.0.0.0/99"}).networks("CONCOURS_METRICS_ADDRESSES")
    assert len(Environment({"A": "10.0.0.0/8, ::1"}).networks("A")) == 2


def test_a_running_site_counts_requests_by_route_and_logs_lines_of_json(any_database: str, tmp_path: Any) -> None:
    import json

    env = environment(
        tmp_path, any_database, CONCOURS_METRICS_TOKEN=TOKEN, CONCOURS_LOG_FORMAT="json", CONCOURS_SECRET_KEY="x" * 60
    )
    with server(env, tmp_path / "web.log") as (address, _process):
        key = "a-key-that-nobody-must-read"
        missing = httpx.get(f"{address}/accounts/confirm-email/{key}/?email=clara@example.org")
        upload = httpx.head(f"{address}/api/v1/uploads/00000000-0000-0000-0000-000000000001")
        answer = httpx.get(f"{address}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert re.search(
        r'requests_total\{method="GET",process="\d+",route="account_confirm_email",status="\dxx"\} 1\n', answer
    )
    assert re.search(
        r'requests_total\{method="HEAD",process="\d+",route="uploads.intake.head",status="4xx"\} 1\n', answer
    )
    text = (tmp_path / "web.log").read_text()
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    by_id = {line["request"]: line for line in lines if line["message"] == "request"}
    assert by_id[missing.headers["X-Request-ID"]]["route"] == "account_confirm_email"
    assert by_id[upload.headers["X-Request-ID"]]["status"] == 401
    assert all(line["duration_ms"] >= 0 for line in by_id.values())
    assert key not in text and "clara" not in text and "127.0.0.1" not in text.replace("http://127.0.0.1", "")
    assert timezone.now().isoformat()[:4] in text

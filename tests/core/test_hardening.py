"""Small doors: mails, titles, headers of raw routes, the exported head of the audit trail, throttles, files of the deployment."""

from __future__ import annotations

import asyncio
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle

from challenges.invitations import invite
from core.audit import chain_records, record
from core.audit_heads import export_head, exported_heads, heads_file
from core.models import AuditRecord
from tests.factories.people import person
from tests.factories.questions import challenge

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


def test_a_title_with_a_line_break_does_not_swallow_the_mail(django_capture_on_commit_callbacks: Any) -> None:
    cup = challenge()
    cup.title = {"en": "Cup\nBcc: all@example.org", "fr": "Cup"}
    cup.save()
    with django_capture_on_commit_callbacks(execute=True):
        invite(challenge=cup, email="new@example.org", what="juror", actor=cup.created_by)
    assert [entry.subject for entry in mail.outbox] == ["Concours: Cup Bcc: all@example.org"]
    assert mail.outbox[0].recipients() == ["new@example.org"]


def test_a_mail_that_is_not_sent_is_on_record(settings: Any, django_capture_on_commit_callbacks: Any) -> None:
    cup = challenge()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    with django_capture_on_commit_callbacks(execute=True):
        invite(challenge=cup, email="new@example.org", what="juror", actor=cup.created_by)
    assert AuditRecord.objects.filter(verb="mail not sent", subject_kind="invitation").exists()


def test_a_title_is_one_line() -> None:
    client = APIClient()
    staff = person("Olga")
    staff.is_staff = True
    staff.save()
    client.force_authenticate(staff)
    draft = {"slug": "two", "title": {"en": "Two\nlines"}}
    answer = client.post("/api/v1/challenges/", draft, format="json")
    assert answer.status_code == 400 and "one line" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/api/v1/uploads/", "/batches/1/download", "/api/v1/uploads/nothing"])
def test_raw_routes_carry_the_headers_of_pages(path: str, settings: Any) -> None:
    from config.asgi import application

    settings.SECURE_HSTS_SECONDS = 60

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=application)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            return await client.post(path) if path.endswith("s/") else await client.get(path)

    headers = asyncio.run(ask()).headers
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Strict-Transport-Security"].startswith("max-age=60")


def test_a_trail_that_was_cut_short_lacks_the_exported_head() -> None:
    heads_file().unlink(missing_ok=True)
    olga = person("Olga")
    for _number in range(5):
        record(verb="tried", subject=olga)
    chain_records()
    assert export_head() == 1 and export_head() == 0
    assert len(exported_heads()) == 1
    call_command("verify_audit")
    AuditRecord.objects.filter(sequence__gt=2).delete()
    with pytest.raises(CommandError, match="an earlier end are gone"):
        call_command("verify_audit")
    heads_file().unlink()


def test_the_api_is_throttled(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", {"person": "5/min", "address": "3/min"})
    client = APIClient()
    assert [client.get("/api/v1/challenges/").status_code for _ in range(4)] == [200, 200, 200, 429]
    client.force_authenticate(person("Paul"))
    assert [client.get("/api/v1/challenges/").status_code for _ in range(6)][-2:] == [200, 429]
    cache.clear()


def test_keys_of_the_site_stay_out_of_the_image_and_probes_name_the_site() -> None:
    assert "deploy/certificates/*" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "headers={'Host': h}" in (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert (
        "proxy_set_header Host $http_host"
        in (ROOT / "deploy/tls.conf").read_text(encoding="utf-8").split("listen 443")[0]
    )


def test_embedded_data_is_for_its_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    environment = {"CONCOURS_DATA": str(data), "DJANGO_SETTINGS_MODULE": "config.settings.embedded", "PATH": "/usr/bin"}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "core", "0001", "-v", "0"], cwd=ROOT, env=environment, check=True
    )
    assert (data / "concours.sqlite3").exists()
    for path in [data, *data.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path

"""Every download is recorded, whatever part of the archive is asked for, how it is sent, and by which client."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.test import Client
from django.utils import timezone
from starlette.requests import Request

from batches.models import Batch, Download
from batches.sending import download
from challenges.tokens import issue_token
from core.models import AuditRecord, User
from core.storage import store
from tests.factories.contests import Contest, contest
from tests.factories.people import member_of, team_in

RANGES = [
    *(None, "bytes=0-", "bytes=0-0", "bytes=1-", "bytes=-1", "bytes=-999999999", "BYTES=0-", "bytes= 0-", "bytes=00-"),
    *(
        "bytes=1-2,4-",
        "bytes=5-4",
        "bytes=999999999-",
        "Bytes = 1 -",
        "bytes",
        "items=0-",
        " bytes=7-",
        "bytes=+1-",
        "bytes=0x1-",
    ),
]
pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Contest:
    settings.KEYS_DIR = tmp_path / "keys"

    async def here(function: Any, *arguments: Any) -> Any:  # in this thread, which holds the test's transaction
        return function(*arguments)

    monkeypatch.setattr("batches.sending.in_thread", here)
    contest_result = contest()
    Batch.objects.filter(pk=contest_result.batch.pk).update(released_at=timezone.now() - timedelta(minutes=1))
    team_in(contest_result.question, "Owls")
    return contest_result


def signed_in(member: User, way: str) -> dict[str, str]:
    """Headers of a page's download and of a script's."""
    if way == "script":
        return {"Authorization": f"Bearer {issue_token(user=member, name='x', days=1, scopes=['read'])[1]}"}
    browser = Client()
    browser.force_login(member)
    return {"Cookie": f"{site_settings.SESSION_COOKIE_NAME}={browser.cookies[site_settings.SESSION_COOKIE_NAME].value}"}


@dataclass
class Fetched:
    """What a client was sent."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""


def fetch(batch: Batch, headers: dict[str, str], method: str = "GET") -> Fetched:
    """The raw route's answer. The decision runs here, in the test's transaction; only the sending needs an event loop."""
    scope = {
        "type": "http",
        "method": method,
        "path": f"/batches/{batch.pk}/download",
        "path_params": {"id": batch.pk},
        "query_string": b"",
        "client": ("192.0.2.7", 1957),
        "headers": [
            (name.lower().encode(), value.encode()) for name, value in {"Host": "localhost", **headers}.items()
        ],
    }
    try:
        download(Request(scope)).send(None)
    except StopIteration as decided:
        response = decided.value
    fetched = Fetched()

    async def send(message: Any) -> None:
        fetched.content += message.get("body", b"")
        fetched.status = message.get("status", fetched.status)
        fetched.headers |= {name.decode(): value.decode() for name, value in message.get("headers", [])}

    async def receive() -> dict[str, str]:  # the client stays until it has everything
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    asyncio.run(response(scope, receive, send))
    return fetched


def recorded() -> tuple[int, int]:
    return Download.objects.count(), AuditRecord.objects.filter(verb="batch downloaded").count()


def test_no_form_of_a_range_escapes_the_receipt(scene: Contest, settings: Any) -> None:
    owls = scene.question.challenge.teams.get(name="Owls")
    member = member_of(owls)
    for way, prefix in product(("page", "script"), ("none", "/protected")):
        settings.ACCEL_REDIRECT_PREFIX = prefix
        headers = signed_in(member, way)
        assert fetch(scene.batch, headers, "HEAD").status == 200 and not Download.objects.exists()
        for address in RANGES:
            answer = fetch(scene.batch, headers | ({"Range": address} if address else {}))
            assert ("x-accel-redirect" in answer.headers) == (prefix != "none")
            assert answer.status in ({200} if prefix != "none" else {200, 206, 400, 416}), address
            assert recorded() == (1, 1), address
            receipt, audit_record = Download.objects.get(), AuditRecord.objects.get(verb="batch downloaded")
            assert (receipt.user, receipt.team, receipt.version, receipt.address) == (member, owls, 1, "192.0.2.7")
            assert (audit_record.actor, audit_record.subject_id) == (member, str(scene.batch.pk))
            assert audit_record.detail == {"version": 1, "team": "owls"}
            receipt.delete(), audit_record.delete()
    pieces_of_one_hour_are_one_download(scene, signed_in(member, "script"), settings)


def pieces_of_one_hour_are_one_download(scene: Contest, headers: dict[str, str], settings: Any) -> None:
    settings.ACCEL_REDIRECT_PREFIX = "none"
    whole = Path(store("deliveries").path(scene.batch.archive_key)).read_bytes()
    step = len(whole) // 3 + 1
    starts = range(0, len(whole), step)
    pieces = [fetch(scene.batch, headers | {"Range": f"bytes={at}-{at + step - 1}"}).content for at in starts]
    assert b"".join(pieces) == whole and recorded() == (1, 1)
    Download.objects.update(started_at=timezone.now() - timedelta(minutes=61))
    fetch(scene.batch, headers | {"Range": "bytes=1-"})
    assert recorded() == (2, 2)


def test_who_may_not_have_it_leaves_no_receipt(scene: Contest) -> None:
    assert fetch(scene.batch, {}).status == 401
    Batch.objects.filter(pk=scene.batch.pk).update(released_at=timezone.now() + timedelta(days=1))
    Download.objects.all().delete()
    answer = fetch(scene.batch, signed_in(member_of(scene.question.challenge.teams.get(name="Owls")), "page"))
    assert answer.status in (403, 404) and not Download.objects.exists()

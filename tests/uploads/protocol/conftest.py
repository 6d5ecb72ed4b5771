"""A real server with an embedded site, a centre that may upload, its people, and a tus client of a few lines."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.databases import fresh_sqlite
from tests.processes import environment, manage, server

TUS = {"Tus-Resumable": "1.0.0"}
BODY = {**TUS, "Content-Type": "application/offset+octet-stream"}
SETUP = """
import json
from pathlib import Path
from challenges.charter import publish_charter, sign_charter
from challenges.frame import create_challenge, load_question, open_challenge
from challenges.models import CentreMembership
from challenges.centres import add_centre
from core.models import AccessToken, User
people = {n: User.objects.create_user(n + "@example.org", "a long enough one") for n in ("olga", "clara", "sam")}
olga, clara = people["olga"], people["clara"]
challenge = create_challenge(slug="jfr", title={"en": "JFR"}, actor=olga, contact="jfr@example.org")
text = Path("concours/questions/catalogue/sarcopenia.yaml").read_text()
question = load_question(challenge=challenge, text=text, actor=olga)
open_challenge(challenge=challenge, actor=olga)
from datetime import timedelta
from django.utils import timezone
now = timezone.now()
challenge.questions.get().phases.update(opens=now - timedelta(days=1), closes=now + timedelta(days=1))
centre = add_centre(challenge=challenge, name="Bichat", city="Paris", actor=olga)
CentreMembership.objects.create(centre=centre, user=clara)
charter = publish_charter(challenge=challenge, audience="centre", text={"en": "Informed patients only."}, actor=olga)
sign_charter(charter=charter, user=clara, name="Clara Centre")
print(json.dumps({n: AccessToken.issue(u, "test")[1] for n, u in people.items()}))
"""


@dataclass
class Site:
    """A running site: where it answers, its folder, and each person's token."""

    address: str
    data: Path
    tokens: dict[str, str]
    env: dict[str, str] = field(default_factory=dict)

    def client(self, person: str = "clara", **headers: str) -> httpx.Client:
        token = {"Authorization": f"Bearer {self.tokens[person]}"} if person else {}
        return httpx.Client(base_url=self.address, headers={**token, **headers}, timeout=60)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.data / "site.sqlite3", timeout=20) as connection:
            return connection.execute(sql, values).fetchall()

    def state(self, location: str) -> str:
        upload_id = location.rsplit("/", 1)[-1].replace("-", "")
        return str(self.rows("SELECT state FROM uploads_upload WHERE id = ?", upload_id)[0][0])


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Site:
    """A site's data with its people, not running yet."""
    data = tmp_path_factory.mktemp("site")
    with django_db_blocker.unblock(), fresh_sqlite(data / "site.sqlite3") as url:
        env = environment(data, url, CONCOURS_UPLOAD_MAX_BYTES="50000000", CONCOURS_LOG_LEVEL="ERROR")
        return Site("", data, json.loads(manage(env, "shell", "--no-imports", "-c", SETUP).splitlines()[-1]), env)


@pytest.fixture(scope="module")
def site(prepared: Site) -> Iterator[Site]:
    """The same site, served by uvicorn."""
    with server(prepared.env, prepared.data / "log") as (address, _process):
        yield Site(address, prepared.data, prepared.tokens, prepared.env)


@pytest.fixture
def clara(site: Site) -> Iterator[httpx.Client]:
    """Uploads for Bichat."""
    with site.client("clara") as client:
        yield client


def metadata(**more: str) -> str:
    values = {"question": "jfr/sarcopenia", "kind": "exam", "filename": "exam.zip", "letter_given": "1", **more}
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def create(client: httpx.Client, length: int, **headers: str) -> str:
    """Begins an upload; its address."""
    answer = client.post(
        "/api/v1/uploads/", headers={**TUS, "Upload-Length": str(length), "Upload-Metadata": metadata(), **headers}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.headers["Location"])


def patch(client: httpx.Client, location: str, position: int, content: Any, **headers: str) -> httpx.Response:
    return client.patch(location, content=content, headers={**BODY, "Upload-Offset": str(position), **headers})


def offset(client: httpx.Client, location: str) -> int:
    answer = client.head(location, headers=TUS)
    assert answer.status_code == 200, answer.status_code
    return int(answer.headers["Upload-Offset"])

"""A production site: PostgreSQL, Redis, an S3-compatible store, uvicorn, a Celery worker, a sweeper and nginx, as processes.

Commands and names of settings are read from docker-compose.yml, so that what is tested is what is deployed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import redis

from concours.client.http import Client
from demo.clients.centre import send
from demo.phantoms.sarcopenia import make
from tests import compose
from tests.databases import fresh_postgres, fresh_roles
from tests.nginx import prepared
from tests.presence import REDIS_URL
from tests.processes import ROOT, environment, free_port, kill, manage, process, wait_until
from tests.uploads.protocol.conftest import SETUP

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.slow]
ARCHIVE = os.urandom(3_000_000)
BATCH = """
from pathlib import Path
from django.utils import timezone
from batches.models import Batch
from challenges.models import Question
from core.storage import put_file
blob = put_file("deliveries", "batch-1", Path(ARCHIVE_PATH))
batch = Batch.objects.create(question=Question.objects.get(), name="training-1", set_name="training", state="built",
    released_at=timezone.now(), built_at=timezone.now(), archive_key=blob.key, archive_sha256=blob.sha256,
    archive_bytes=blob.size)
print(batch.pk)
"""


@dataclass
class Production:
    """The running site: where it answers, its settings, the processes by service."""

    address: str
    port: int
    s3: str
    folder: Path
    env: dict[str, str]
    database: str
    tokens: dict[str, str]
    stack: ExitStack
    services: dict[str, dict[str, str]]  # the settings of each service
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database) as connection:
            return connection.execute(sql.encode(), values).fetchall()

    def send(self, seed: int, front: str = "") -> str:
        """The centre sends one exam; the id of its upload."""
        client = Client(front or self.address, self.tokens["clara"])
        with client.http:
            return send(client, "jfr", "sarcopenia", make(seed, "bichat")).rsplit("/", 1)[-1]

    def exam_of(self, upload_id: str) -> tuple[str, str]:
        rows = self.rows("SELECT id::text, state FROM uploads_exam WHERE upload_id = %s", upload_id)
        return rows[0] if rows else ("", "")

    def wait_for_verdict(self, upload_id: str) -> str:
        wait_until(
            lambda: self.exam_of(upload_id)[1] not in ("", "received", "deidentified"), 120, "the exam's verdict"
        )
        return self.exam_of(upload_id)[0]


def start(site: Production, service: str) -> None:
    words = compose.command(service, port=str(site.port))
    env = site.services[service]
    site.running[service] = site.stack.enter_context(process(words, env, site.folder / f"{service}.log"))


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[Production]:
    folder, port, s3_port = tmp_path_factory.mktemp("production"), free_port(), free_port()
    redis.Redis.from_url(REDIS_URL).flushdb()
    with django_db_blocker.unblock(), fresh_postgres() as url, ExitStack() as stack:
        moto = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(s3_port)]
        stack.enter_context(process(moto, dict(os.environ), folder / "s3.log"))
        wait_until(lambda: _answers(f"http://127.0.0.1:{s3_port}/moto-api/"), 60, "the store's first answer")
        roles = stack.enter_context(fresh_roles(url))
        named = {
            "DJANGO_SETTINGS_MODULE": "config.settings.production",
            "CONCOURS_SECRET_KEY": base64.b64encode(os.urandom(48)).decode(),
            "CONCOURS_AUDIT_KEY": base64.b64encode(os.urandom(32)).decode(),
            "CONCOURS_ORIGIN": f"http://127.0.0.1:{port}",
            "CONCOURS_HOSTS": "localhost,127.0.0.1",
            "CONCOURS_DATABASE": f"{url}?pool=10",
            "CONCOURS_REDIS": REDIS_URL,
            "CONCOURS_DATA": str(folder),
            "CONCOURS_S3_BUCKET": "concours",
            "CONCOURS_S3_ENDPOINT": f"http://127.0.0.1:{s3_port}",
            "CONCOURS_S3_REGION": "us-east-1",
            "CONCOURS_S3_ACCESS_KEY": "concours",
            "CONCOURS_S3_SECRET_KEY": "secret of the store",
            "CONCOURS_ACCEL_PREFIX": "/protected",
            "CONCOURS_SECOND_FACTOR": "1",
            "CONCOURS_MAIL_FROM": "concours@localhost",
            "CONCOURS_SMTP_HOST": "localhost",
            "CONCOURS_SMTP_PORT": "25",
            "CONCOURS_SMTP_USER": "",
            "CONCOURS_SMTP_PASSWORD": "",
            "CONCOURS_SMTP_TLS": "0",
            "CONCOURS_ROLE_PASSWORDS": roles.passwords,
            "CONCOURS_STAGES": "all",
            "CONCOURS_SEALED": "s3",
            "CONCOURS_SEALED_S3_ENDPOINT": f"http://127.0.0.1:{s3_port}",
            "CONCOURS_SEALED_S3_ACCESS_KEY": "sealed",
            "CONCOURS_SEALED_S3_SECRET_KEY": "secret of the sealed store",
        }
        base = environment(folder, url)
        base["PATH"] = f"{Path(sys.executable).parent}:{base['PATH']}"
        services = {}
        for name in compose.SITE[1:]:
            written = compose.services()[name]["environment"]
            own = {entry: written[entry] for entry in ("CONCOURS_STAGES", "CONCOURS_SEALED")}
            address = f"{roles.addresses[name]}?pool=10"
            services[name] = {**base, **compose.settings(name, named), **own, "CONCOURS_DATABASE": address}
        env = {**base, **compose.settings("setup", named)}
        subprocess.run(compose.command("setup"), cwd=ROOT, env=env, check=True, capture_output=True)
        tokens = json.loads(manage(env, "shell", "--no-imports", "-c", SETUP).splitlines()[-1])
        site = Production(
            f"http://127.0.0.1:{port}", port, f"127.0.0.1:{s3_port}", folder, env, url, tokens, stack, services
        )
        for service in ("web", "worker", "scorer", "sweeper"):
            start(site, service)
        wait_until(lambda: _answers(f"{site.address}/readyz"), 60, "the site's first answer")
        yield site


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def _ancestors(pid: int) -> list[int]:
    """A living process, its parent, its parent's parent, …"""
    line = [pid]
    while line[-1] > 1:
        line.append(int(Path(f"/proc/{line[-1]}/stat").read_text().rsplit(")", 1)[1].split()[1]))
    return line


def test_an_exam_goes_from_upload_to_accepted_in_the_workers_processes(production: Production) -> None:
    upload_id = production.send(11)
    exam_id = production.wait_for_verdict(upload_id)
    assert production.exam_of(upload_id)[1] == "accepted", production.rows(
        "SELECT stage, state, reason, template, values FROM core_progress WHERE subject_id = %s", exam_id
    )
    done = dict(
        production.rows(
            "SELECT stage, worker FROM core_work WHERE state = 'done' AND subject_id IN (%s, %s)", upload_id, exam_id
        )
    )
    assert {"receive", "deidentify", "check_quality"} <= set(done)
    worker = production.running["worker"].pid
    for stage in ("receive", "deidentify", "check_quality"):
        pid = int(done[stage].rsplit(":", 1)[1])
        assert worker in _ancestors(pid)[1:], f"{stage} ran in process {pid}, not below the worker {worker}"


def test_work_that_reads_truth_is_done_by_the_scorer_alone(production: Production) -> None:
    code = (
        "from core.work import enqueue; enqueue('copy_case_scores', '0');"
        "from core.registry import stages; print(sum(stage.reads_truth for stage in stages().values()))"
    )
    assert int(manage(production.env, "shell", "--no-imports", "-c", code)) > 4
    query = "SELECT worker FROM core_work WHERE stage = 'copy_case_scores' AND state = 'done'"
    wait_until(lambda: production.rows(query), 60, "the scorer's work")
    pid = int(production.rows(query)[0][0].rsplit(":", 1)[1])
    assert production.running["scorer"].pid in _ancestors(pid)[1:]


def test_what_teams_may_not_see_is_gone_and_what_is_kept_is_in_the_object_store(production: Production) -> None:
    upload_id = production.send(12)
    exam_id = production.wait_for_verdict(upload_id)
    key = production.rows("SELECT bundle_key FROM uploads_exam WHERE id = %s", exam_id)[0][0]
    code = (
        "from core.storage import store;"
        f"print(store('exams').exists('{key}'), store('quarantine').listdir('exam-{exam_id}')[1])"
    )

    def erased() -> bool:
        return manage(production.env, "shell", "--no-imports", "-c", code).strip() == "True []"

    wait_until(erased, 30, "the originals' erasure")
    assert list((production.folder / "staging").glob("*.part")) == []


def test_a_broker_that_forgets_and_a_worker_that_dies_lose_nothing(production: Production) -> None:
    kill(production.running["worker"])
    uploads = [production.send(seed) for seed in (13, 14)]
    redis.Redis.from_url(REDIS_URL).flushdb()
    start(production, "worker")
    for upload_id in uploads:
        production.wait_for_verdict(upload_id)
        assert production.exam_of(upload_id)[1] == "accepted"


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_nginx_sends_what_django_allows_and_nothing_else(production: Production, tmp_path: Path) -> None:
    (tmp_path / "archive.zip").write_bytes(ARCHIVE)
    code = BATCH.replace("ARCHIVE_PATH", repr(str(tmp_path / "archive.zip")))
    batch_id = manage(production.env, "shell", "--no-imports", "-c", code).split()[-1]
    with process(_nginx(production, tmp_path), production.env, tmp_path / "nginx.log"):
        front = f"http://127.0.0.1:{(tmp_path / 'port').read_text()}"
        wait_until(lambda: _answers(f"{front}/healthz"), 20, "nginx's first answer")
        organiser = {"Authorization": f"Bearer {production.tokens['olga']}"}
        address = f"{front}/batches/{batch_id}/download"
        whole = httpx.get(address, headers=organiser)
        assert (whole.status_code, whole.content == ARCHIVE) == (200, True)
        assert "x-accel-redirect" not in whole.headers
        assert whole.headers["Content-Disposition"] == 'attachment; filename="training-1.zip"'
        assert whole.headers["X-Checksum-SHA256"] == hashlib.sha256(ARCHIVE).hexdigest()
        assert whole.headers["Cache-Control"] == "private, no-store"
        piece = httpx.get(address, headers={**organiser, "Range": "bytes=1000-1999"})
        assert (piece.status_code, piece.content == ARCHIVE[1000:2000]) == (206, True)
        assert httpx.get(address).status_code == 401
        assert httpx.get(address, headers={"Authorization": f"Bearer {production.tokens['sam']}"}).status_code == 404
        key = production.rows("SELECT archive_key FROM batches_batch WHERE id = %s", batch_id)[0][0]
        assert httpx.get(f"{front}/protected/concours-deliveries/{key}").status_code == 404
        assert httpx.get(f"{front}/protected/deliveries/{key}").status_code == 404
        styles = httpx.get(f"{front}/static/dist/site.css")
        assert (styles.status_code, "text/css" in styles.headers["Content-Type"]) == (200, True)
        production.wait_for_verdict(production.send(15, front))


def _nginx(production: Production, folder: Path) -> list[str]:
    """deploy/'s files with the containers' names and folders replaced by this machine's."""
    port = free_port()
    (folder / "port").write_text(str(port))
    app = f"127.0.0.1:{production.port}"
    swaps = {
        "listen 80;": f"listen 127.0.0.1:{port};",
        "web:8000": app,
        "intake:8000": app,
        "storage:7070": production.s3,
        "/data/static/": f"{production.folder}/static/",
    }
    return prepared(folder, "plain.conf", swaps)

"""The production stack as processes of this run alone: PostgreSQL, Redis, web, intake, workers, sweepers, and nginx if installed.

Commands are those of docker-compose.yml. Everything lies in one folder and ends with the run.
"""

from __future__ import annotations

import base64
import contextlib
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import redis

from tests import compose
from tests.processes import ROOT, environment, free_port
from tests.waiting import wait_until

LEASE_SECONDS, HEARTBEAT_SECONDS = 6, 1
SERVICES = {
    "web": "web",
    "intake": "intake",
    "worker1": "worker",
    "worker2": "worker",
    "sweeper1": "sweeper",
    "sweeper2": "sweeper",
}
DISK_MB = 300


@dataclass
class Stack:
    """The running site and the handles by which faults reach its parts."""

    folder: Path
    object_store: bool = False  # stores are on an S3 server instead of folders
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)  # what a fault keeps down
    over: threading.Event = field(default_factory=threading.Event)
    restarts: int = 0

    def __post_init__(self) -> None:
        self.ports = {name: free_port() for name in ("postgres", "redis", "web", "intake", "nginx", "store")}
        self.user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL does not run as root
        self.data = self.folder / "data"
        self.data.mkdir(parents=True)
        self.small_disk = self._mount()
        self.pg_url = f"postgresql://postgres@127.0.0.1:{self.ports['postgres']}/postgres"
        self.nginx = shutil.which("nginx") is not None

    @property
    def store_switch(self) -> Path:
        """While this file exists the object store answers 500."""
        return self.folder / "store-fails"

    # --- life -------------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        self._cluster()
        self.start("redis")
        self._environment()
        if self.object_store:
            self.start("store")
            address = f"http://127.0.0.1:{self.ports['store']}/"
            wait_until(lambda: _tries(lambda: httpx.get(address).status_code < 500), 120, "the object store")
        wait_until(lambda: _tries(redis.Redis(port=self.ports["redis"]).ping), 60, "Redis")

    def serve(self) -> str:
        """Starts the site's processes; the address at which clients reach it."""
        for name in (*SERVICES, *(["nginx"] if self.nginx else [])):
            self.start(name)
        front = f"http://127.0.0.1:{self.ports['nginx' if self.nginx else 'web']}"
        for port in ("web", "intake", "nginx" if self.nginx else "web"):
            address = f"http://127.0.0.1:{self.ports[port]}/healthz"
            wait_until(lambda address=address: _tries(lambda: httpx.get(address).status_code == 200), 300, port)  # type: ignore[misc]
        threading.Thread(target=self._supervise, daemon=True).start()
        return front

    def start(self, name: str) -> None:
        command, env, user = self._command(name)
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True, user=user
            )

    def _command(self, name: str) -> tuple[list[str], dict[str, str], str | None]:
        if name == "postgres":
            command = [_postgres("postgres"), "-D", str(self.folder / "cluster"), "-p", str(self.ports["postgres"])]
            return [*command, "-k", "", "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=120"], {}, self.user
        if name == "redis":
            words = [
                "redis-server",
                "--port",
                str(self.ports["redis"]),
                "--dir",
                str(self.folder),
                "--bind",
                "127.0.0.1",
            ]
            return [*words, "--appendonly", "yes", "--appendfsync", "everysec"], dict(os.environ), None
        if name == "nginx":
            return ["nginx", "-p", str(self.folder), "-c", str(self._nginx())], dict(os.environ), None
        if name == "store":
            words = ["-m", "benchmarks.faults.object_store", str(self.ports["store"]), str(self.store_switch)]
            return [sys.executable, *words], dict(os.environ), None
        service = SERVICES[name]
        return compose.command(service, port=str(self.ports.get(service, 0))), self.env, None

    def _supervise(self) -> None:
        """Starts again what has ended, as the container engine does."""
        while not self.over.wait(0.3):
            for name, process in list(self.running.items()):
                if process.poll() is not None and name not in self.away and not self.over.is_set():
                    self.restarts += 1
                    self.start(name)

    def stop_services(self) -> None:
        self.over.set()
        time.sleep(0.4)
        for name in (*SERVICES, "nginx"):
            if name in self.running:
                self._end(name, signal.SIGTERM, 30)

    def end(self) -> None:
        self.over.set()
        time.sleep(0.4)
        for name in list(self.running):
            self._end(name, signal.SIGINT if name == "postgres" else signal.SIGTERM, 10)
        if self.small_disk:
            subprocess.run(["umount", "-l", str(self.data)], check=False)

    def _end(self, name: str, number: signal.Signals, seconds: float) -> None:
        process = self.running.pop(name)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGCONT)
            process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
        _signal_session(process.pid, signal.SIGKILL)
        process.wait(10)

    # --- parts ------------------------------------------------------------------------------------------------------------

    def _mount(self) -> bool:
        """A small disk for data, staging and stores, so that it can be filled; without it that fault is left out."""
        if os.geteuid() != 0:
            return False
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(self.data)],
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    def _cluster(self) -> None:
        cluster = self.folder / "cluster"
        cluster.mkdir()
        self.folder.chmod(0o755)
        if self.user:
            shutil.chown(cluster, self.user)
        command = [_postgres("initdb"), "-D", str(cluster), "-U", "postgres", "-A", "trust", "-N"]
        subprocess.run(command, check=True, capture_output=True, user=self.user, cwd=cluster)
        self.start("postgres")
        wait_until(lambda: _tries(lambda: bool(self.rows("SELECT 1"))), 60, "PostgreSQL")
        with psycopg.connect(self.pg_url, autocommit=True) as admin:
            admin.execute("CREATE DATABASE concours")
        self.pg_url = self.pg_url.rsplit("/", 1)[0] + "/concours"

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.pg_url, connect_timeout=5) as connection:
            return connection.execute(sql.encode(), values).fetchall()

    def _environment(self) -> None:
        fixed = {
            "DJANGO_SETTINGS_MODULE": "config.settings.production",
            "CONCOURS_SECRET_KEY": base64.b64encode(os.urandom(48)).decode(),
            "CONCOURS_AUDIT_KEY": base64.b64encode(os.urandom(32)).decode(),
            "CONCOURS_ORIGIN": "http://127.0.0.1",
            "CONCOURS_HOSTS": "localhost,127.0.0.1",
            "CONCOURS_REDIS": f"redis://127.0.0.1:{self.ports['redis']}/0",
            "CONCOURS_LEASE_SECONDS": str(LEASE_SECONDS),
            "CONCOURS_HEARTBEAT_SECONDS": str(HEARTBEAT_SECONDS),
            "CONCOURS_FREE_SPACE_FLOOR": "1000000",
            "CONCOURS_API_PER_MINUTE": "1000000",
            "CONCOURS_SECOND_FACTOR": "0",
            "CONCOURS_MAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
            "CONCOURS_LOG_LEVEL": "WARNING",
        }
        self.env = {**environment(self.data, f"{self.pg_url}?pool=20"), **fixed}
        if self.object_store:
            self.env |= {
                "CONCOURS_S3_BUCKET": "concours",
                "CONCOURS_S3_ENDPOINT": f"http://127.0.0.1:{self.ports['store']}",
                "CONCOURS_S3_ACCESS_KEY": "faults",
                "CONCOURS_S3_SECRET_KEY": "faults-secret",
            }
        self.env["PATH"] = f"{Path(sys.executable).parent}:{self.env['PATH']}"

    def prepare(self, teams: int, per_phase: int, closes_in: float = 0) -> dict[str, Any]:
        """What deploy/setup.sh does, and the people and questions of the run."""
        collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
        static = subprocess.Popen(collect, cwd=ROOT, env=self.env)
        command = [sys.executable, "-m", "benchmarks.faults.prepare", str(teams), str(self.folder), str(per_phase)]
        done = subprocess.run(
            [*command, str(closes_in)], cwd=ROOT, env=self.env, capture_output=True, text=True, check=False
        )
        if done.returncode or static.wait():
            raise RuntimeError(done.stderr[-3000:])
        world: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return world

    def _nginx(self) -> Path:
        """deploy/'s files with the containers' names and folders replaced by this run's."""
        swaps = {
            "listen 80;": f"listen 127.0.0.1:{self.ports['nginx']};",
            "web:8000": f"127.0.0.1:{self.ports['web']}",
            "intake:8000": f"127.0.0.1:{self.ports['intake']}",
            "storage:7070": "127.0.0.1:9",  # stores are folders here
            "/data/static/": f"{self.data}/static/",
            "/etc/nginx/concours/": f"{self.folder}/",
        }
        for name in ("plain.conf", "locations.conf", "proxies.conf"):
            text = (ROOT / "deploy" / name).read_text()
            for old, new in swaps.items():
                text = text.replace(old, new)
            (self.folder / name).write_text(text)
        places = "".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user root;" if os.geteuid() == 0 else ""
        main = self.folder / "nginx.conf"
        main.write_text(
            f"daemon off; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx-error.log; {user}\n"
            f"events {{}}\nhttp {{ include /etc/nginx/mime.types; access_log off;"
            f" client_body_temp_path {self.folder}/body; {places} include {self.folder}/plain.conf; }}\n"
        )
        return main


def _postgres(name: str) -> str:
    paths = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}")) or [shutil.which(name) or ""]
    if not paths[-1]:
        raise SystemExit("PostgreSQL's server programs are not installed.")
    return paths[-1]


def _signal_session(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return


def _tries(ask: Any) -> bool:
    try:
        return bool(ask())
    except (OSError, psycopg.Error, redis.RedisError, httpx.TransportError):
        return False

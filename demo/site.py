"""The site as its own processes: one web server and a worker for each core, restarted when they die."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Site:
    """Starts `uvicorn config.asgi` and `manage.py work`; a worker that dies is started again, as a supervisor would."""

    def __init__(self, data: Path, port: int, *, workers: int = 2, settings: Mapping[str, str] | None = None) -> None:
        self.data, self.port, self.workers = data, port, workers
        self.address = f"http://127.0.0.1:{port}"
        self.environment = {
            **os.environ,
            "CONCOURS_DATA": str(data),
            "CONCOURS_ORIGIN": self.address,
            "CONCOURS_LOG_LEVEL": "WARNING",
            **(settings or {}),
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.stopping = threading.Event()
        self.watcher = threading.Thread(target=self._watch, daemon=True)

    def manage(self, *words: str, stdin: str | None = None) -> str:
        """Runs one management command and returns what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT, env=self.environment, input=stdin, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"manage.py {words[0]} failed:\n{done.stderr[-2000:]}")
        return done.stdout

    def names(self) -> list[str]:
        """The processes of the site."""
        return ["web", *(f"worker-{n + 1}" for n in range(self.workers))]

    def command(self, name: str) -> list[str]:
        """What one process runs, after the interpreter."""
        server = ["-m", "uvicorn", "config.asgi:application", "--port", str(self.port), "--log-level", "warning"]
        return server if name == "web" else ["manage.py", "work"]

    def _start(self, name: str) -> None:
        command = [sys.executable, *self.command(name)]
        with (self.data / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def start(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self.manage("migrate", "--verbosity", "0")
        for name in self.names():
            self._start(name)
        self.watcher.start()
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.address}/healthz", timeout=2).status_code == 200:
                    return
            if self.processes["web"].poll() is not None:
                break
            time.sleep(0.2)
        raise RuntimeError(f"the server did not start; see {self.data / 'web.log'}")

    def _watch(self) -> None:
        while not self.stopping.wait(0.5):
            for name, process in list(self.processes.items()):
                if process.poll() is not None and not self.stopping.is_set():
                    self._start(name)

    def kill_worker(self, name: str) -> None:
        """`kill -9` to a worker and whatever it started, as a machine that fails would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.processes[name].pid, signal.SIGKILL)

    def stop(self) -> None:
        self.stopping.set()
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    @contextlib.contextmanager
    def running(self) -> Iterator[Site]:
        try:
            self.start()
            yield self
        finally:
            self.stop()

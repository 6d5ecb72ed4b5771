"""Real processes for tests: started with an environment of their own, waited for, ended by their own id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sys.executable


def environment(data: Path, url: str, **more: str) -> dict[str, str]:
    """The variables of a platform whose data is `data` and whose database is at `url`; nothing of the caller's own."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SAMPLE_DIR") if name in os.environ}
    return {**inherited, "CONCOURS_DATA": str(data), "CONCOURS_DATABASE": url, "PYTHONWARNINGS": "default", **more}


@contextmanager
def process(command: Sequence[str], env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a session of its own, so that its children can be ended with it."""
    with log.open("ab") as out:
        started = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out, start_new_session=True)
    try:
        yield started
    finally:
        end(started)


def end(started: subprocess.Popen[bytes], seconds: float = 10) -> None:
    """SIGTERM, then SIGKILL for its whole session."""
    if started.poll() is None:
        started.terminate()
        try:
            started.wait(seconds)
        except subprocess.TimeoutExpired:
            kill(started)
    _kill_session(started.pid)


def kill(started: subprocess.Popen[bytes]) -> None:
    """As a power cut would: kill -9 of the process and of all it started."""
    _kill_session(started.pid)
    started.wait(10)


def _kill_session(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def server(env: dict[str, str], log: Path, port: int | None = None) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """uvicorn with the site's ASGI application: its address and its process, once it answers."""
    port = port or free_port()
    command = [PYTHON, "-m", "uvicorn", "config.asgi:application", "--host", "127.0.0.1", "--port", str(port)]
    with process([*command, "--log-level", "warning"], env, log) as started:
        address = f"http://127.0.0.1:{port}"

        def answers() -> bool:
            if started.poll() is not None:
                raise RuntimeError(log.read_text()[-3000:])
            try:
                return httpx.get(f"{address}/healthz", timeout=5).status_code == 200
            except httpx.TransportError:
                return False

        wait_until(answers, 60, "the server's first answer")
        yield address, started


def manage(env: dict[str, str], *arguments: str, text: str | None = None) -> str:
    """Runs one management command to its end; what it printed."""
    done = subprocess.run(
        [PYTHON, "manage.py", *arguments], cwd=ROOT, env=env, input=text, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"manage.py {arguments[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout

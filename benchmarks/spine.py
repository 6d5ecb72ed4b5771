"""The flow itself: CPU of an exam's way in and out, memory of the processes, the deadline hour, the board.

Everything runs on sites of its own in new folders, in processes of its own, by the real stages; CPU time, since walls are shared.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

import psycopg
from pydicom import dcmread

from benchmarks.size import sized
from benchmarks.spine_exams import archive, chest, one_slice

ROOT = Path(__file__).resolve().parents[1]
POSTGRES = os.environ.get("TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
INTAKE = ("receive", "deidentify", "check_quality")
SLICES, CHESTS = sized(8, tiny=4), 2
CLIENTS, EACH = sized(8, tiny=2), sized(50, tiny=2)
WEB_LIMIT, WORKER_LIMIT = 250.0, 600.0  # MB that were planned
PAGES = ("/", "/accounts/login/", "/api/v1/schema/", "/api/v1/docs/", "/healthz", "/readyz")


def figures() -> list[dict[str, Any]]:
    return [*intake_of_slices(), *intake_of_chests(), *web_memory(), *deadline_hour(), *board()]


def figure(name: str, unit: str, ours: float, peer: float | None, peer_name: str | None) -> dict[str, Any]:
    """`ratio` is how many times less ours is; none beside a peer of nothing."""
    ratio = None if peer is None or not ours else peer / ours
    return {"name": name, "unit": unit, "ours": ours, "peer": peer, "peer_name": peer_name, "ratio": ratio}


# --- exams in and out -------------------------------------------------------------------------------------------------


def intake_of_slices() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(SLICES + 1):
            (folder / f"{number}.zip").write_bytes(archive(one_slice(number)))
        stages, _ = run_intake("sarcopenia", folder)
        return exam_figures("2D exam of 512 x 512", stages, read_and_save(folder / "1.zip"))


def intake_of_chests() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(CHESTS + 1):
            (folder / f"{number}.zip").write_bytes(archive(chest(number)))
        stages, peak = run_intake("lung-tumour", folder)
        lines = exam_figures("chest CT of 300 x 512 x 512", stages, read_and_save(folder / "1.zip"))
    return [
        *lines,
        figure("worker, fork server and child with a chest CT, most PSS", "MB", peak, WORKER_LIMIT, "the plan"),
    ]


def exam_figures(what: str, stages: Mapping[str, Mapping[str, float]], peer: float) -> list[dict[str, Any]]:
    cpu = {stage: figures["cpu"] for stage, figures in stages.items()}
    total = sum(cpu[stage] for stage in INTAKE)
    beside = "pydicom dcmread and save_as of the same files"
    return [
        figure(f"{what}, received to accepted", "s CPU", total, peer, beside),
        *(figure(f"{what}: {stage}", "s CPU", seconds, None, None) for stage, seconds in cpu.items()),
    ]


def read_and_save(exam: Path) -> float:
    """CPU seconds of what a script without any check does: every DICOM file read whole and written again."""
    with tempfile.TemporaryDirectory() as name, zipfile.ZipFile(exam) as packed:
        began = time.process_time()
        for number, member in enumerate(entry for entry in packed.namelist() if entry.endswith(".dcm")):
            dataset = dcmread(io.BytesIO(packed.read(member)))
            dataset.walk(lambda _dataset, element: element.value)
            dataset.save_as(Path(name) / f"{number}.dcm")
        return time.process_time() - began


def run_intake(question: str, exams: Path) -> tuple[dict[str, dict[str, float]], float]:
    """What each stage cost an exam, and the most memory (MB) of the worker with all its children."""
    with tempfile.TemporaryDirectory() as data:
        process = start("benchmarks.spine_intake", question, str(exams), data=data)
        peak = [0.0]
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.05):
                peak[0] = max(peak[0], tree_memory(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            stages = answer(process)
        finally:
            over.set()
            watcher.join()
    return stages, peak[0]


# --- processes --------------------------------------------------------------------------------------------------------


def environment(data: str, **more: str) -> dict[str, str]:
    inherited = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "LANG", "OMP_NUM_THREADS", "CONCOURS_BENCH_TINY")
        if name in os.environ
    }
    return {**inherited, "CONCOURS_DATA": data, "CONCOURS_LOG_LEVEL": "ERROR", **more}


def start(module: str, *words: str, data: str, **more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", module, *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, env=environment(data, **more), stdout=pipe, stderr=pipe, text=True)


def answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate()
    if process.returncode:
        raise RuntimeError(err[-2000:])
    document: dict[str, Any] = json.loads(out.splitlines()[-1])
    return document


def tree_memory(pid: int) -> float:
    """Proportional set size (shared pages once) of a process and all below it, in MB."""
    total, waiting = 0, [pid]
    while waiting:
        process = waiting.pop()
        with contextlib.suppress(OSError):  # ended meanwhile
            for task in Path(f"/proc/{process}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
            for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                total += int(line.split()[1]) if line.startswith("Pss:") else 0
    return total / 1024


def web_memory() -> list[dict[str, Any]]:
    """Resident size of the one web process when it has served pages and the schema."""
    with tempfile.TemporaryDirectory() as data, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=environment(data), check=True
        )
        web = start("uvicorn", "config.asgi:application", "--port", str(port), "--log-level", "error", data=data)
        try:
            for _ in range(5):
                for page in PAGES:
                    fetch(f"http://127.0.0.1:{port}{page}")
            status = Path(f"/proc/{web.pid}/status").read_text().splitlines()
            size = next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))
        finally:
            web.send_signal(signal.SIGTERM)
            web.communicate(timeout=20)
    return [figure("web process after serving pages", "MB", size, WEB_LIMIT, "the plan")]


def fetch(address: str) -> None:
    for _ in range(100):
        with contextlib.suppress(ConnectionRefusedError, OSError):
            with urlopen(address, timeout=20) as page:
                page.read()
            return
        time.sleep(0.2)
    raise RuntimeError(f"{address} does not answer")


# --- the deadline hour and the board ----------------------------------------------------------------------------------


def deadline_hour() -> list[dict[str, Any]]:
    """Errors among 400 submissions of 8 processes. Any lost submission of ours fails the benchmark."""
    lines = []
    with tempfile.TemporaryDirectory() as data:
        plain = answer(start("benchmarks.spine_clients", str(CLIENTS), str(EACH), "plain", data=data))
    for name, site in (("SQLite", contextlib.nullcontext({})), ("PostgreSQL", postgres())):
        with site as variables, tempfile.TemporaryDirectory() as data:
            if variables is None:
                print("  no PostgreSQL answers: its figure is left out")
                continue
            ours = answer(start("benchmarks.spine_clients", str(CLIENTS), str(EACH), data=data, **variables))
        if ours["failed"] or ours["kept"] != CLIENTS * EACH:
            raise RuntimeError(f"{name} kept {ours['kept']} of {CLIENTS * EACH} submissions")
        label = f"{CLIENTS * EACH} submissions at once from {CLIENTS} processes, {name}"
        lines.append(figure(f"{label}: lost", "", ours["failed"], plain["failed"], "SQLite as Django sets it"))
        lines.append(figure(f"{label}: each", "ms CPU", ours["cpu"] / CLIENTS / EACH * 1000, None, None))
    return lines


@contextlib.contextmanager
def postgres() -> Iterator[dict[str, str] | None]:
    """A new database's variables for a site; None where no server answers."""
    name = f"concours_bench_{uuid.uuid4().hex[:12]}"
    try:
        with psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3) as admin:
            admin.execute(f'CREATE DATABASE "{name}"'.encode())
    except psycopg.OperationalError:
        yield None
        return
    try:
        yield {"CONCOURS_DATABASE": urlunsplit(urlsplit(POSTGRES)._replace(path=f"/{name}"))}
    finally:
        with psycopg.connect(POSTGRES, autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def board() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as data:
        milliseconds = answer(start("benchmarks.spine_board", data=data))
    trivial = "a trivial view behind the same middleware"
    return [
        figure(
            "board of 20 teams, nothing cached", "ms CPU", milliseconds["uncached"], milliseconds["trivial"], trivial
        ),
        figure("board of 20 teams, cached", "ms CPU", milliseconds["cached"], milliseconds["trivial"], trivial),
    ]

"""The faults: what each does to the stack, and what ends it. The seed decides which comes when."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import redis

from benchmarks.faults.stack import LEASE_SECONDS, Stack

Fault = Callable[[Stack, random.Random, threading.Event], str]


def children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _kill(pid: int, number: signal.Signals = signal.SIGKILL) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _service(*names: str) -> Fault:
    def kill(stack: Stack, chance: random.Random, over: threading.Event) -> str:
        name = chance.choice(names)
        if name in (
            "web",
            "intake",
        ):  # children of uvicorn would keep the port; a container ends with its first process
            os.killpg(stack.running[name].pid, signal.SIGKILL)
        else:
            _kill(stack.running[name].pid)
        return f"kill -9 {name}"

    return kill


def session(stack: Stack, chance: random.Random, over: threading.Event) -> str:
    """A worker with all its children at once, as the kernel ends a container."""
    name = chance.choice(("worker1", "worker2"))
    os.killpg(stack.running[name].pid, signal.SIGKILL)
    return f"kill -9 {name} with its children"


def below_worker(depth: int, what: str) -> Fault:
    """A process `depth` generations below a worker: 1 Celery's child, 2 the fork server, 3 a confined child."""

    def kill(stack: Stack, chance: random.Random, over: threading.Event) -> str:
        for _ in range(100):  # a confined child lives for a moment only
            generation = [stack.running[name].pid for name in ("worker1", "worker2")]
            for _step in range(depth):
                generation = [child for pid in generation for child in children(pid)]
            if generation and _kill(chance.choice(generation)):
                return f"kill -9 {what}"
            if over.wait(0.05):
                break
        return ""

    return kill


def frozen_worker(stack: Stack, chance: random.Random, over: threading.Event) -> str:
    """SIGSTOP for longer than a lease: its work goes to another, and it must write nothing afterwards."""
    pid = stack.running[chance.choice(("worker1", "worker2"))].pid
    family = [pid, *children(pid)]
    for process in family:
        _kill(process, signal.SIGSTOP)
    over.wait(LEASE_SECONDS + 4)
    for process in family:
        _kill(process, signal.SIGCONT)
    return "SIGSTOP of a worker for longer than its lease"


def redis_flushed(stack: Stack, chance: random.Random, over: threading.Event) -> str:
    try:
        redis.Redis(port=stack.ports["redis"]).flushall()
    except redis.RedisError:
        return ""
    return "Redis flushed"


def redis_away(stack: Stack, chance: random.Random, over: threading.Event) -> str:
    stack.away.add("redis")
    _kill(stack.running["redis"].pid)
    over.wait(chance.uniform(1, 5))
    stack.away.discard("redis")
    return "Redis killed and away"


def postgres_stopped(stack: Stack, chance: random.Random, over: threading.Event) -> str:
    """Immediate stop: no checkpoint, as after a power cut of its host."""
    stack.away.add("postgres")
    _kill(stack.running["postgres"].pid, signal.SIGQUIT)
    stack.running["postgres"].wait(30)
    over.wait(chance.uniform(0, 2))
    stack.away.discard("postgres")
    return "PostgreSQL stopped at once and started again"


def connections_cut(stack: Stack, chance: random.Random, over: threading.Event) -> str:
    return _sql(
        stack,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'concours' AND pid <> pg_backend_pid()",
        "all connections of PostgreSQL cut",
    )


def read_only(stack: Stack, chance: random.Random, over: threading.Event) -> str:
    done = _sql(stack, "ALTER SYSTEM SET default_transaction_read_only = on", "PostgreSQL read-only")
    if done:
        _sql(stack, "SELECT pg_reload_conf()", "")
        over.wait(chance.uniform(1, 3))
        for _ in range(50):
            if _sql(
                stack, "SET default_transaction_read_only = off; ALTER SYSTEM RESET default_transaction_read_only", "r"
            ):
                break
            time.sleep(0.2)
        _sql(stack, "SELECT pg_reload_conf()", "")
    return done


def _sql(stack: Stack, statements: str, name: str) -> str:
    try:
        with psycopg.connect(stack.pg_url, autocommit=True, connect_timeout=3) as admin:
            for statement in statements.split(";"):
                admin.execute(statement.encode())
    except psycopg.Error:
        return ""
    return name or "done"


def disk_full(stack: Stack, chance: random.Random, over: threading.Event) -> str:
    """Staging, stores and temporary files share the small disk: not a byte is left on it."""
    if not stack.small_disk:
        return ""
    filler = stack.data / "filler"
    try:
        with filler.open("wb") as file:
            while True:
                file.write(bytes(1 << 20))
                file.flush()
    except OSError:
        pass
    over.wait(chance.uniform(1, 4))
    filler.unlink(missing_ok=True)
    return "disk full"


def store_failing(stack: Stack, chance: random.Random, over: threading.Event) -> str:
    """The object store answers 500 to every request."""
    if not stack.object_store:
        return ""
    stack.store_switch.touch()
    over.wait(chance.uniform(2, 8))
    stack.store_switch.unlink()
    return "object store answers 500"


FAULTS: dict[str, Fault] = {
    "web": _service("web"),
    "intake": _service("intake"),
    "worker": _service("worker1", "worker2"),
    "worker and children": session,
    "sweeper": _service("sweeper1", "sweeper2"),
    "pool child": below_worker(1, "a child of Celery"),
    "fork server": below_worker(2, "a fork server"),
    "confined child": below_worker(3, "a confined child"),
    "frozen worker": frozen_worker,
    "redis flushed": redis_flushed,
    "redis away": redis_away,
    "postgres stopped": postgres_stopped,
    "connections cut": connections_cut,
    "read-only": read_only,
    "disk full": disk_full,
    "store fails": store_failing,
}


def schedule(chance: random.Random, seconds: float, every: float) -> list[tuple[float, str]]:
    """Moments and names: every fault once in shuffled order, then again in another."""
    planned: list[tuple[float, str]] = []
    names: list[str] = []
    at = every
    while at < seconds:
        names = names or chance.sample(sorted(FAULTS), len(FAULTS))
        planned.append((at, names.pop()))
        at += every * chance.uniform(0.5, 1.5)
    return planned

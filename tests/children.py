"""Ends children of the fork server from outside, as the kernel or an operator would, before they have read their request."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from concours.formats import child
from tests.waiting import wait_until


def end_children(monkeypatch: pytest.MonkeyPatch, number: signal.Signals, *, times: int = 1) -> list[int]:
    """The next `times` children get the signal `number`; their process ids, as they go."""
    fork, ended = child._fork, []

    def fork_and_end() -> tuple[socket.socket, socket.socket]:
        server = child._server().process.pid
        before = children_of(server)
        sockets = fork()
        if len(ended) < times:
            ended.append(_new_child(server, before))
            os.kill(ended[-1], number)
        return sockets

    monkeypatch.setattr(child, "_fork", fork_and_end)
    return ended


def children_of(pid: int) -> set[int]:
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def _new_child(server: int, before: set[int]) -> int:
    return wait_until(lambda: children_of(server) - before, what="a child of the fork server").pop()

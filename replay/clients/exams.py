"""A centre: joins, signs, sends its exams, waits for every verdict, and writes down what teams aim at."""

from __future__ import annotations

import pickle
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from concours.client.http import Client, SiteRefusedError
from demo.clients.centre import send
from demo.clients.joining import join
from demo.editions import ExamToSend

DECIDED = ("accepted", "refused", "review", "kept", "dropped")


def join_centre(address: str, token: str, secret: str, challenge: str, name: str, first: ExamToSend) -> None:
    """Accepts the invitation; before the charter is signed no byte is taken."""
    site = Client(address, token)
    site.post("invitations/accept/", {"secret": secret})
    is_refused(site, challenge, first, 403)
    join(site, challenge, "centre", name)


def is_refused(site: Client, challenge: str, order: ExamToSend, expected: int | str) -> None:
    """Sends an exam that the site must not take: `expected` is the status or the reason of its refusal."""
    try:
        send(site, challenge, order.question, order.make())
    except SiteRefusedError as error:
        if expected not in (error.status, error.answer.get("reason")):
            raise
        return
    raise RuntimeError(f"an exam of {order.centre} was taken that should have been refused: {expected}")


def send_late(address: str, token: str, challenge: str, order: ExamToSend) -> None:
    """After the end of inclusion no exam is taken."""
    is_refused(Client(address, token), challenge, order, "closed")


def send_exams(address: str, token: str, challenge: str, orders: Sequence[ExamToSend], answers: str) -> int:
    """Sends the orders; the number of exams sent. What is known of them goes into a file for the teams' clients."""
    site = Client(address, token)
    phantoms = {}
    for order in orders:
        phantom = order.make()
        send(site, challenge, order.question, phantom)
        phantom.files = {}
        phantoms[phantom.pixels] = phantom
    Path(answers).write_bytes(pickle.dumps(phantoms))
    return len(orders)


def await_verdicts(address: str, token: str, challenge: str, count: int, seconds: float) -> dict[str, int]:
    """As an organiser: until so many exams are decided, or wait for a person. The number in each state."""
    site, end = Client(address, token), time.monotonic() + seconds
    while time.monotonic() < end:
        states = Counter(row["state"] for row in site.every("exams/", challenge=challenge))
        if sum(states[state] for state in DECIDED) >= count:
            return dict(states)
        time.sleep(1.0 if count < 500 else 10.0)
    raise TimeoutError(f"{count} exams were not decided in {seconds:.0f} s: {dict(states)}")

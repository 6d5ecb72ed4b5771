"""A radiologist: signs, and grades every exam of the queue by its noise."""

from __future__ import annotations

from concours.client.http import Client
from demo.clients.joining import accept
from demo.clients.reader import look


def join_as(address: str, token: str, secret: str, challenge: str, audience: str) -> None:
    """Accepts the invitation and signs the charter of this audience (reader, juror)."""
    accept(address, token, secret, challenge, audience, audience.title())


def read_all(address: str, token: str, challenge: str, question: str) -> int:
    """Grades until nothing of this question waits; the number of exams graded."""
    site, graded = Client(address, token), 0
    while waiting := site.every("readings/", state="waiting", challenge=challenge, question=question):
        for reading in waiting:
            site.post(f"readings/{reading['id']}/grade/", {"grade": look(site, reading["id"])}, repeatable=True)
            graded += 1
    return graded

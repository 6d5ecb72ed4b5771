"""A centre's prepared exams on their way: several at a time, through broken networks and new processes, until each verdict."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from concours.client.http import Client, ReportProgress, SiteRefusedError
from concours.client.resumable import forget_upload, upload_file

BUSY = (429, 502, 503, 504, 507)  # statuses that pass
PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
DECIDED = ("accepted", "refused", "review", "withdrawn")


@dataclass(frozen=True)
class SendingOrder:
    """Where exams go: `question` as CHALLENGE/QUESTION, the centre's short name, the folder that remembers uploads."""

    question: str
    centre: str
    memory: Path
    flights: int = 3
    patience: float = 600.0  # seconds without any network before it is given up


@dataclass(frozen=True)
class SiteVerdict:
    """What became of one upload: the exam's id and number on the site, its state, and the reasons in words."""

    exam: str
    number: int
    state: str
    reasons: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()

    @property
    def is_duplicate(self) -> bool:
        return self.codes[:1] == ("duplicate_exam",) and self.state == "refused"


def send_exams(
    open_client: Callable[[], Client],
    archives: Sequence[tuple[Path, str]],
    order: SendingOrder,
    report: Callable[[int], ReportProgress | None] = lambda _n: None,
) -> list[list[SiteVerdict]]:
    """Sends each (archive, proof) and waits for its verdict, several at a time. Raises SiteRefusedError and httpx.TransportError.

    Each flight has a client of its own. What was begun before, in this process or an earlier one, continues where it stopped.
    """

    def entry(number: int) -> list[SiteVerdict]:
        client = open_client()
        try:
            return _send_one(client, *archives[number], order, report(number))
        finally:
            client.http.close()

    with ThreadPoolExecutor(max_workers=max(1, order.flights)) as pool:
        flights = [pool.submit(entry, number) for number in range(len(archives))]
        try:
            return [flight.result() for flight in flights]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _send_one(
    client: Client, archive: Path, proof: str, order: SendingOrder, report: ReportProgress | None
) -> list[SiteVerdict]:
    metadata = {
        "question": order.question,
        "kind": "exam",
        "centre": order.centre,
        "letter_given": "1",
        "prepared": proof,
    }
    upload = patiently(lambda: upload_file(client, archive, metadata, order.memory, report), order.patience)
    verdicts = patiently(
        lambda: client.await_until(lambda: verdicts_of(client, upload), seconds=3600, pause=1.0), order.patience
    )
    forget_upload(client, archive, metadata, order.memory)
    return list(verdicts)


def patiently(step: Callable[[], Any], patience: float, sleep: Callable[[float], None] = time.sleep) -> Any:
    """Repeats a step that resumes, while the network is away or the site is busy, for `patience` seconds at most."""
    waited = 0.0
    for pause in (*PAUSES, *[PAUSES[-1]] * int(patience // PAUSES[-1] + 1)):
        try:
            return step()
        except httpx.TransportError:
            if waited + pause > patience:
                raise
        except SiteRefusedError as error:
            if error.status not in BUSY or waited + pause > patience:
                raise
        sleep(pause)
        waited += pause
    return step()


def verdicts_of(client: Client, upload: str) -> list[SiteVerdict] | None:
    """The verdict of every exam of an upload; None while one is open. A refused upload is one verdict without an exam."""
    document = client.get(f"uploads/{upload}")
    if document["state"] in ("refused", "expired"):
        errors = document["errors"]
        messages = tuple(str(error["message"]) for error in errors) or (f"The upload is {document['state']}.",)
        return [SiteVerdict("", 0, "refused", messages, tuple(str(error["reason"]) for error in errors))]
    if document["state"] != "received":
        return None
    exams = [client.get(f"exams/{exam}/") for exam in document["exams"]]
    return [_verdict(exam) for exam in exams] if all(exam["state"] in DECIDED for exam in exams) else None


def _verdict(exam: Mapping[str, Any]) -> SiteVerdict:
    state = str(exam["state"])
    kinds = {"refused": ("refused", "fault"), "review": ("review",)}.get(state, ())
    rows = [row for row in exam["progress"] if row["state"] in kinds and (row["message"] or row["reason"])]
    messages = tuple(dict.fromkeys(str(row["message"] or row["reason"]) for row in rows))
    return SiteVerdict(str(exam["id"]), int(exam["number"]), state, messages, tuple(str(row["reason"]) for row in rows))

"""Clients under fire: teams, a centre, a reader and visitors. Each writes down what it did and what was acknowledged.

An operation whose answer did not come is unknown. The client then does what a careful program would do: it asks how much of the
upload the site has, and repeats what may be repeated.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx

from benchmarks.faults.entries import entry
from concours.client.http import Client, SiteRefusedError
from demo.clients.centre import send as send_exam
from demo.phantoms.sarcopenia import make

TUS = {"Tus-Resumable": "1.0.0"}


@dataclass
class Operation:
    """One operation of a client. `acknowledged`: the site confirmed it; otherwise its outcome is unknown."""

    kind: str  # upload, submission, exam, grade, mark
    who: str
    key: str  # the id of the upload or reading, or `<session>:<case>`
    acknowledged: bool
    at: float
    sha256: str = ""
    wear: int = -1  # of the submission's masks; -1: a broken file
    value: str = ""


@dataclass
class Journal:
    """What all clients wrote down; unexpected answers are violations of their own."""

    operations: list[Operation] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    board_ms: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, operation: Operation) -> None:
        with self.lock:
            self.operations.append(operation)

    def surprise(self, what: str) -> None:
        with self.lock:
            self.surprises.append(what)

    def acknowledged(self, kind: str) -> int:
        return sum(1 for operation in self.operations if operation.kind == kind and operation.acknowledged)

    def to_json(self) -> str:
        return json.dumps([asdict(operation) for operation in self.operations])


def connection(address: str, token: str) -> httpx.Client:
    """No connection is used twice: each request meets the bad line anew."""
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=30, limits=limits)


class Team:
    """Sends entry after entry until the run is over or its attempts are used up."""

    def __init__(
        self, address: str, name: str, token: str, world: dict[str, Any], masks: Any, journal: Journal
    ) -> None:
        self.name, self.world, self.masks, self.journal = name, world, masks, journal
        self.http = connection(address, token)
        self.random = random.Random(name)

    def run(self, over: threading.Event) -> None:
        number = 0
        while not over.is_set():
            number += 1
            wear = self.random.randrange(4) if self.random.random() < 0.85 else -1
            content = entry(self.masks, wear, number) if wear >= 0 else f"id\nnothing {self.name} {number}\n".encode()
            try:
                if not self.send(content, wear, f"{self.name} {number}", over):
                    return
            except httpx.TransportError:
                pass
            over.wait(self.random.uniform(0.2, 1.5))

    def send(self, content: bytes, wear: int, key: str, over: threading.Event) -> bool:
        """False where the team has no attempt left."""
        sha256 = hashlib.sha256(content).hexdigest()
        location = self.create(len(content), key, over)
        if location is None:
            return True
        if location == "":
            return False
        upload = location.rsplit("/", 1)[-1]
        whole = self.fill(location, content, over)
        self.note("upload", upload, whole, sha256, wear)
        if not whole:
            return True
        answer = self.insist("POST", "/api/v1/submissions/", over, json={"upload": upload})
        if answer is None:
            self.note("submission", upload, False, sha256, wear)
            return True
        if answer.status_code == 201:
            self.note("submission", upload, True, sha256, wear, str(answer.json()["id"]))
            return True
        if answer.status_code == 429:
            self.note("refused", upload, True, sha256, wear)
            return False
        self.journal.surprise(f"POST submissions: {answer.status_code} {answer.text[:200]}")
        return True

    def create(self, length: int, key: str, over: threading.Event) -> str | None:
        words = {"question": self.world["question"], "kind": "submission", "filename": "entry.zip"}
        pairs = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in words.items())
        headers = {**TUS, "Upload-Length": str(length), "Upload-Metadata": pairs}
        answer = self.insist("POST", "/api/v1/uploads/", over, headers=headers)
        if answer is None:
            return None
        if answer.status_code == 429:
            return ""
        if answer.status_code != 201:
            self.journal.surprise(f"create: {answer.status_code} {answer.text[:200]}")
            return None
        return str(answer.headers["Location"])

    def fill(self, location: str, content: bytes, over: threading.Event) -> bool:
        """True once the site has acknowledged every byte."""
        position, half = 0, max(1, len(content) // 2)
        while not over.is_set():
            headers = {**TUS, "Upload-Offset": str(position), "Content-Type": "application/offset+octet-stream"}
            piece = content[position : position + half]
            answer = self.once("PATCH", location, content=piece, headers=headers)
            if answer is None or answer.status_code != 204:
                answer = self.insist("HEAD", location, over, headers=TUS)
            if answer is None:
                return False
            if answer.status_code not in (200, 204):
                self.journal.surprise(f"PATCH or HEAD: {answer.status_code}")
                return False
            position = int(answer.headers["Upload-Offset"])
            if position == len(content):
                return True
        return False

    def insist(self, method: str, path: str, over: threading.Event, **more: Any) -> httpx.Response | None:
        """Repeats what may be repeated until the site answers with something other than 5xx."""
        while not over.is_set():
            answer = self.once(method, path, **more)
            if answer is not None and answer.status_code < 500:
                return answer
            over.wait(0.4)
        return None

    def once(self, method: str, path: str, **more: Any) -> httpx.Response | None:
        try:
            return self.http.request(method, path, **more)
        except httpx.TransportError:
            return None

    def note(self, kind: str, key: str, acknowledged: bool, sha256: str, wear: int, value: str = "") -> None:
        self.journal.add(Operation(kind, self.name, key, acknowledged, time.time(), sha256, wear, value))


def centre(address: str, world: dict[str, Any], journal: Journal, over: threading.Event) -> None:
    """Sends exams, one after the other, each of another patient."""
    client = Client(address, world["clara"])
    challenge, _slash, slug = world["intake"].partition("/")
    number = 100
    while not over.is_set():
        number += 1
        try:
            location = send_exam(client, challenge, slug, make(number, "sud"))
            journal.add(Operation("exam", "clara", location, True, time.time()))
        except (httpx.TransportError, SiteRefusedError) as error:
            if isinstance(error, SiteRefusedError) and error.status < 500 and error.status not in (409, 410, 400):
                journal.surprise(f"exam: {error}")
        over.wait(3.0)


def reader(address: str, world: dict[str, Any], journal: Journal, over: threading.Event) -> None:
    """Grades what waits; a grade may be given twice."""
    http = connection(address, world["rita"])
    while not over.wait(1.0):
        try:
            waiting = http.get("/api/v1/readings/", params={"state": "waiting"})
            rows = waiting.json()["results"] if waiting.status_code == 200 else []
            for row in rows[:3]:
                answer = http.post(f"/api/v1/readings/{row['id']}/grade/", json={"grade": "B"})
                acknowledged = answer.status_code == 200
                journal.add(Operation("grade", "rita", row["id"], acknowledged, time.time(), value="B"))
        except (httpx.TransportError, ValueError):
            continue


def juror(address: str, world: dict[str, Any], journal: Journal, over: threading.Event) -> None:
    """Marks case after case, again and again; a case always gets the same marks, since the line may repeat an old request."""
    http, chance = connection(address, world["jules"]), random.Random("jules")
    session: dict[str, Any] = {}
    while not over.wait(0.7):
        try:
            if not session:
                answer = http.post("/api/v1/jury/sessions/", json={"question": world["jury"]})
                session = answer.json() if answer.status_code == 201 else {}
                continue
            case = chance.choice(session["cases"])["id"]
            marks = {criterion["name"]: mark_of(case, criterion) for criterion in session["criteria"]}
            answer = http.post(f"/api/v1/jury/sessions/{session['id']}/mark/", json={"case": case, "marks": marks})
        except (httpx.TransportError, ValueError):
            continue
        key, acknowledged = f"{session['id']}:{case}", answer.status_code == 200
        journal.add(Operation("mark", "jules", key, acknowledged, time.time(), value=json.dumps(marks, sort_keys=True)))
        if not acknowledged and answer.status_code < 500:
            journal.surprise(f"mark: {answer.status_code} {answer.text[:200]}")


def mark_of(case: str, criterion: dict[str, Any]) -> int:
    span = criterion["max"] - criterion["min"] + 1
    return int(criterion["min"]) + sum((case + str(criterion["name"])).encode()) % span


def visitor(address: str, world: dict[str, Any], journal: Journal, over: threading.Event, pause: float = 0.5) -> None:
    """Reads the board. Answers of 5xx are surprises only while no fault is on, which the caller decides by `pause`."""
    challenge, _slash, slug = world["question"].partition("/")
    path = f"/c/{challenge}/{slug}/board/"
    http = connection(address, "")
    del http.headers["Authorization"]
    while not over.wait(pause):
        began = time.monotonic()
        try:
            answer = http.get(path, follow_redirects=True)
        except httpx.TransportError:
            continue
        with journal.lock:
            journal.board_ms.append((time.monotonic() - began) * 1000)
        if answer.status_code == 404:
            journal.surprise(f"board: 404 at {path}")
            return


def spawn(work: Callable[..., None], *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    thread.start()
    return thread

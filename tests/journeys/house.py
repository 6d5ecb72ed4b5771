"""A running site with its people, for journeys: a web server and a worker as processes, one HTTP client a person.

Olga organises, Carla sends for the first centre and Boris for the second, Rita grades, Paul and Petra lead teams, Sam is a
stranger. Nothing here opens the site's database.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from concours.client.http import Client
from demo.site import Site, free_port

QUESTION_FILES = Path(__file__).with_name("question_files")
PEOPLE = ("olga", "carla", "boris", "rita", "paul", "petra", "sam")
CENTRES = {"carla": "Hôpital Nord", "boris": "Clinique du Port"}
CHARTER = {"en": "I use the data for this challenge only.", "fr": "J'utilise les données pour ce seul challenge."}
FINAL_UPLOAD = ("received", "refused", "expired")
DECIDED = ("accepted", "refused", "review")


def email_of(name: str) -> str:
    return f"{name}@journey.example"


class House:
    """The site and everybody's client; each method is what one person does, over HTTP alone."""

    def __init__(self, site: Site, challenge: str) -> None:
        self.site, self.challenge = site, challenge
        tokens = json.loads(site.manage("enrol", "-", "--tokens", stdin=_everybody()))
        self.tokens = {name: tokens[email_of(name)] for name in PEOPLE}
        self.visitor = Client(site.address)
        self.others: list[Client] = []
        self.people = {name: Client(site.address, token) for name, token in self.tokens.items()}

    def __getitem__(self, name: str) -> Client:
        return self.people[name]

    def leave(self) -> None:
        for client in (self.visitor, *self.people.values(), *self.others):
            client.http.close()

    def speaking(self, name: str, language: str) -> Client:
        """The person's client, asking for another language."""
        client = Client(self.site.address, self.tokens[name])
        client.http.headers["Accept-Language"] = language
        self.others.append(client)
        return client

    # 0. the frame

    def frame(self, files: Iterable[str], *, sign: Iterable[str] = ("carla", "boris", "rita")) -> None:
        """Olga makes the challenge from question files, invites everybody and opens it; those in `sign` accept and sign."""
        olga = self["olga"]
        title = {"en": "Journey", "fr": "Voyage"}
        olga.post("challenges/", {"slug": self.challenge, "title": title, "contact": email_of("olga")})
        for text in files:
            olga.post("questions/", {"challenge": self.challenge, "text": text})
        for audience in ("centre", "team", "reader"):
            olga.post("charters/", {"challenge": self.challenge, "audience": audience, "text": CHARTER})
        for name, title_of in CENTRES.items():
            slug = olga.post("centres/", {"challenge": self.challenge, "name": title_of})["slug"]
            self.invite(name, "centre", centre=slug)
        self.invite("rita", "reader")
        olga.post(f"challenges/{self.challenge}/open/")
        for name in sign:
            self.sign(name, "reader" if name == "rita" else "centre")

    def invite(self, name: str, what: str, **more: str) -> None:
        body = {"challenge": self.challenge, "email": email_of(name), "what": what, **more}
        secret = self["olga"].post("invitations/", body)["secret"]
        self[name].post("invitations/accept/", {"secret": secret})

    def sign(self, name: str, audience: str) -> None:
        for charter in self[name].every("charters/", challenge=self.challenge):
            if charter["audience"] == audience and charter["in_force"]:
                self[name].post(f"charters/{charter['id']}/sign/", {"name": name.title()})

    def team(self, name: str, title: str, questions: Iterable[str], *, approve: bool = True) -> str:
        """The person applies with a team, signs, enters the questions, and is let in."""
        body = {"challenge": self.challenge, "name": title, "profession": "radiologist", "institution": "CHU"}
        team = str(self[name].post("teams/", body)["id"])
        self.sign(name, "team")
        for question in questions:
            self[name].post(f"teams/{team}/enter/", {"question": question})
        if approve:
            self["olga"].post(f"teams/{team}/approve/", {"waiver": "a small journey"})
        return team

    # 1 to 3. receive, de-identify, control quality

    def send(self, name: str, question: str, files: Mapping[str, bytes], **more: str) -> str:
        """One exam as a stored zip; the upload's id."""
        answer = {"letter_given": "1", "filename": "exam.zip", **more}
        return self[name].upload(zipped(files), question=f"{self.challenge}/{question}", kind="exam", **answer)

    def verdict(self, name: str, upload: str) -> dict[str, Any]:
        """The upload once it is received or refused, with its exams in full once each is decided."""

        def decided() -> dict[str, Any] | None:
            answer: dict[str, Any] = self[name].get(f"uploads/{upload}")
            if answer["state"] not in FINAL_UPLOAD:
                return None
            exams = [self[name].get(f"exams/{exam}/") for exam in answer["exams"]]
            return {**answer, "exams": exams} if all(exam["state"] in DECIDED for exam in exams) else None

        return self[name].await_until(decided, seconds=240)  # type: ignore[no-any-return]

    def quiet(self) -> None:
        """Returns once no work is due or runs."""

        def idle() -> bool | None:
            return None if self.due_work() else True

        self["olga"].await_until(idle, seconds=300)
        failed = self["olga"].every("work/", state="failed")
        assert not failed, [(row["stage"], row["reason"]) for row in failed]

    def due_work(self) -> list[dict[str, Any]]:
        """The work that runs or is due; the notice of a window's close, for one, waits for its minute."""
        rows = [row for state in ("waiting", "running") for row in self["olga"].every("work/", state=state)]
        now = datetime.now(UTC)
        return [row for row in rows if datetime.fromisoformat(row["run_at"]) <= now]

    # 4 to 6. grade, split, release

    def grade_all(self, grade: str = "A") -> int:
        """Rita grades what waits for her."""
        count = 0
        self.quiet()
        while waiting := self["rita"].every("readings/", state="waiting"):
            for reading in waiting:
                self["rita"].post(f"readings/{reading['id']}/grade/", {"grade": grade})
                count += 1
        self.quiet()
        return count

    def split(self, question: str) -> dict[str, Any]:
        draft = self["olga"].post("splits/", {"question": f"{self.challenge}/{question}"})
        self["olga"].post(f"splits/{draft['id']}/freeze/")
        return draft  # type: ignore[no-any-return]

    def batches(self, name: str, question: str) -> dict[str, dict[str, Any]]:
        rows = self[name].every("batches/", question__challenge__slug=self.challenge, question__slug=question)
        return {row["name"]: row for row in rows}

    def release(self, question: str) -> None:
        """Waits until every batch is built and truths are sealed, then lets all of them out."""

        def built() -> dict[str, dict[str, Any]] | None:
            batches = self.batches("olga", question)
            return batches if batches and all(row["state"] == "built" for row in batches.values()) else None

        self.quiet()
        for batch in self["olga"].await_until(built, seconds=60).values():
            body = {"released_at": seconds_ago(1), "reason": "the hour has come"}
            self["olga"].post(f"batches/{batch['id']}/reschedule/", body)
        self.quiet()

    def fetch(self, name: str, question: str, folder: Path) -> dict[str, Path]:
        """What the person can download of a question: batch -> archive, its SHA-256 checked."""
        result = {}
        for title, batch in self.batches(name, question).items():
            target = folder / f"{question}-{title}.zip"
            self[name].download(batch["download"], target, batch["archive_sha256"])
            result[title] = target
        return result

    # 7 to 10. submit, score, rank, announce

    def submit(self, name: str, question: str, content: bytes, filename: str = "result.zip") -> dict[str, Any]:
        """The submission once it is scored, rejected or failed. Raises RefusedError."""
        upload = self[name].upload(
            content, question=f"{self.challenge}/{question}", kind="submission", filename=filename
        )
        submission = self[name].post("submissions/", {"upload": upload, "description": "a journey"})
        return self.settled(name, submission["id"])

    def settled(self, name: str, submission: str) -> dict[str, Any]:
        def final() -> dict[str, Any] | None:
            row = self[name].get(f"submissions/{submission}/")
            return row if row["state"] in ("scored", "rejected", "failed", "cancelled") else None

        return self[name].await_until(final, seconds=240)  # type: ignore[no-any-return]

    def close(self, question: str) -> None:
        """The deciding window ends now."""
        for phase in self["olga"].every("phases/", challenge=self.challenge, question=question):
            if phase["decides"]:
                body = {"opens": phase["opens"], "closes": seconds_ago(0), "reason": "the hour is over"}
                self["olga"].post(f"phases/{phase['id']}/reschedule/", body)

    def announce(self, question: str) -> dict[str, Any]:
        """The newest ranking becomes public and its winners are out."""
        olga, name = self["olga"], f"{self.challenge}/{question}"
        self.quiet()
        rows = olga.every("rankings/", question__challenge__slug=self.challenge, question__slug=question)
        ranking = max(rows, key=lambda row: row["number"])
        olga.post(f"rankings/{ranking['id']}/publish/")
        body = {"question": name, "ranking": ranking["id"], "announced_at": seconds_ago(1)}
        return olga.post("announcements/", body)  # type: ignore[no-any-return]

    def board(self, question: str) -> dict[str, Any]:
        return self.visitor.get(f"boards/{self.challenge}/{question}/")  # type: ignore[no-any-return]


def _everybody() -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["email", "name", "staff"])
    for name in PEOPLE:
        writer.writerow([email_of(name), name.title(), int(name == "olga")])
    return text.getvalue()


def seconds_ago(count: int) -> str:
    return (datetime.now(UTC) - timedelta(seconds=count)).isoformat()


def zipped(files: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), files[name])
    return target.getvalue()


def question_file(name: str) -> str:
    return (QUESTION_FILES / name).read_text(encoding="utf-8")


@contextmanager
def living_house(folder: Path, challenge: str, **settings: str) -> Iterator[House]:
    """A new site in `folder` with one worker, on SQLite; its pseudonym key is the same for every house of this name."""
    keys = folder / "keys"
    keys.mkdir(parents=True, exist_ok=True)
    key = base64.b64encode(hashlib.sha256(f"journey {challenge}".encode()).digest())
    (keys / f"{challenge}.key").write_bytes(key)
    own = {
        "DJANGO_SETTINGS_MODULE": "config.settings.embedded",
        "CONCOURS_DATABASE": f"sqlite:///{folder / 'site.sqlite3'}",
        "CONCOURS_LEASE_SECONDS": "15",
        "CONCOURS_HEARTBEAT_SECONDS": "3",
        "CONCOURS_BROKER": "",
    }
    site = Site(folder, free_port(), workers=1, settings={**own, **settings})
    with site.running():
        house = House(site, challenge)
        yield house
        house.leave()

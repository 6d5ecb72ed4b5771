"""A team: applies, invites its members, signs, downloads what is out, and sends a result in time, too late, or none."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from concours.client.http import Client, SiteRefusedError
from demo.clients.joining import join
from demo.clients.team import pixel_keys, prepare
from demo.editions import Edition, TeamPlan
from demo.phantoms.phantom import Phantom
from replay.people import Participant

FINAL_STATES = ("scored", "rejected", "failed", "cancelled")


def register(address: str, tokens: dict[str, str], challenge: str, name: str, people: Sequence[Participant]) -> int:
    """The lead applies, invites the others, who accept, and everybody signs. The number of members."""
    lead, *others = people
    site = Client(address, tokens[lead.email])
    created = site.post("teams/", {"challenge": challenge, "name": name, "profession": lead.profession})
    join(site, challenge, "team", lead.name)
    for person in others:
        body = {"challenge": challenge, "what": "team", "team": created["slug"], "email": person.email,
                "profession": person.profession}  # fmt: skip
        secret = site.post("invitations/", body)["secret"]
        own = Client(address, tokens[person.email])
        own.post("invitations/accept/", {"secret": secret})
        join(own, challenge, "team", person.name)
    return len(people)


def enter(address: str, token: str, challenge: str, questions: Sequence[str]) -> None:
    site = Client(address, token)
    (team,) = site.every("teams/", challenge=challenge)
    for question in questions:
        site.post(f"teams/{team['id']}/enter/", {"question": question})


def released(address: str, token: str, challenge: str, question: str) -> list[str]:
    """The names of the batches that the team sees."""
    return [batch["name"] for batch in _batches(Client(address, token), challenge, question)]


def _batches(site: Client, challenge: str, question: str) -> list[dict[str, Any]]:
    return site.every("batches/", question__challenge__slug=challenge, question__slug=question)


def download(address: str, token: str, challenge: str, question: str, name: str) -> int:
    """Fetches one batch and compares its SHA-256 with the published one; the number of its exams."""
    site = Client(address, token)
    batch = next(row for row in _batches(site, challenge, question) if row["name"] == name)
    with tempfile.TemporaryDirectory() as folder:
        site.download(batch["download"], Path(folder) / "batch.zip", batch["archive_sha256"])
        return len(site.get(f"batches/{batch['id']}/manifest/")["cases"])


def submit(address: str, token: str, edition: Edition, plan: TeamPlan, batch: str, answers: str, seconds: float) -> str:
    """Downloads the evaluation batch and sends what the plan says; how it ended: a final state, or `refused: <reason>`."""
    site = Client(address, token)
    cases = _cases(site, edition.slug, plan.question, batch, Path(answers)) if batch else {}
    content, filename = prepare(plan, cases, edition)
    if plan.does == "malformed":
        content, filename = b"exam,probability\nnobody,1e999\n,=2+2\n", "result.csv"
    name = f"{edition.slug}/{plan.question}"
    try:
        upload = site.upload(content, question=name, kind="submission", filename=filename, declares="1")
        submission = site.post("submissions/", {"upload": upload, "description": "replay"}, repeatable=True)
    except SiteRefusedError as error:
        return f"refused: {error.answer.get('reason')}"
    return str(site.await_until(lambda: _state(site, submission["id"]), seconds, 1.0))


def _state(site: Client, submission: str) -> str | None:
    state = site.get(f"submissions/{submission}/")["state"]
    return state if state in FINAL_STATES else None


def _cases(site: Client, challenge: str, question: str, name: str, answers: Path) -> dict[str, Phantom]:
    """The cases of a batch, recognised by their pixels in what the centres wrote down."""
    batch = next(row for row in _batches(site, challenge, question) if row["name"] == name)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "batch.zip"
        site.download(batch["download"], target, batch["archive_sha256"])
        keys = pixel_keys(target, site.get(f"batches/{batch['id']}/manifest/"))
    pixel_hashes = set(keys.values())
    phantoms: dict[str, Phantom] = {}
    for file in sorted(answers.glob(f"{question}-*")):
        phantoms |= {
            pixels: phantom for pixels, phantom in pickle.loads(file.read_bytes()).items() if pixels in pixel_hashes
        }
    return {case: phantoms[pixels] for case, pixels in keys.items()}

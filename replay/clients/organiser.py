"""The organiser: draws the frame from the catalogue's files, decides what waits, freezes, publishes and announces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import yaml

from concours.client.http import Client
from demo.clients.organiser import CHARTER
from demo.site import ROOT

BROKEN = {"criterion_not_met", "burned_in_text", "unsupported_object", "geometry_mismatch", "incomplete_series"}
MOST_LATER = 500  # rows that may wait for a later day: above it nobody needs to know which of them are due
CATALOGUE = ROOT / "concours" / "questions" / "catalogue"


def question_text(slug: str, changes: Mapping[str, Any]) -> str:
    """The catalogue's file, with its dates as they are; changes only where the replay is smaller than the edition."""
    text = (CATALOGUE / f"{slug}.yaml").read_text(encoding="utf-8")
    if not changes:
        return text
    document = yaml.safe_load(text)
    for place, value in changes.items():
        node = document
        *parents, last = place.split(".")
        for name in parents:
            node = node[name]
        node[last] = value
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)


def draw_frame(
    address: str,
    token: str,
    challenge: str,
    title: Mapping[str, str],
    questions: Mapping[str, Mapping[str, Any]],
    centres: Sequence[str],
) -> dict[str, str]:
    """Challenge, questions, charters and centres; centre -> its short name."""
    site = Client(address, token)
    site.post("challenges/", {"slug": challenge, "title": title, "contact": "olga@concours.example"})
    for slug, changes in questions.items():
        site.post("questions/", {"challenge": challenge, "text": question_text(slug, changes)})
    for audience in ("centre", "team", "reader", "juror"):
        site.post("charters/", {"challenge": challenge, "audience": audience, "text": CHARTER})
    slugs = {name: site.post("centres/", {"challenge": challenge, "name": name})["slug"] for name in centres}
    site.post(f"challenges/{challenge}/open/")
    return slugs


def invite(address: str, token: str, challenge: str, people: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """E-mail -> secret of the invitation; `people` are e-mail -> what, and centre or question."""
    site = Client(address, token)
    return {
        email: site.post("invitations/", {"challenge": challenge, "email": email, **offer})["secret"]
        for email, offer in people.items()
    }


def decide_reviews(address: str, token: str, challenge: str) -> dict[str, int]:
    """Refuses what breaks a criterion or shows a name; confirms the rest: invented people may look alike."""
    site, decided = Client(address, token), {"confirm": 0, "refuse": 0}
    for review in site.every("reviews/", state="open", challenge=challenge):
        reasons = {point["reason"] for point in review["points"]}
        broken = sorted(reasons & BROKEN)
        decision = "refuse" if broken else "confirm"
        note = (
            f"Not usable for this question: {', '.join(broken)}."
            if broken
            else "Looked at: nothing identifying, two patients."
        )
        site.post(f"reviews/{review['id']}/{decision}/", {"note": note})
        decided[decision] += 1
    return decided


def approve_teams(address: str, token: str, challenge: str, waiver: str = "") -> dict[str, list[str]]:
    """Approves every team; a waiver, with its reason, only for one that does not meet a rule. Team -> what was waived."""
    site = Client(address, token)
    waived = {}
    for team in site.every("teams/", challenge=challenge, state="applied"):
        unmet = site.get(f"teams/{team['id']}/")["unmet_rules"]
        site.post(f"teams/{team['id']}/approve/", {"waiver": waiver if unmet else ""})
        if unmet:
            waived[team["name"]] = unmet
    return waived


def freeze(address: str, token: str, challenge: str, question: str, seconds: float) -> dict[str, int]:
    """Draws and freezes the sets, and waits until every archive is built; batch -> its exams."""
    site = Client(address, token)
    draft = site.post("splits/", {"question": f"{challenge}/{question}"})
    site.post(f"splits/{draft['id']}/freeze/")

    def built() -> list[dict[str, Any]] | None:
        rows = site.every("batches/", question__challenge__slug=challenge, question__slug=question)
        return rows if rows and all(row["state"] == "built" for row in rows) else None

    return {row["name"]: row["exams"] for row in site.await_until(built, seconds, 1.0)}


def publish(address: str, token: str, challenge: str, question: str, part: str, at: str) -> dict[str, Any]:
    """Publishes the newest ranking of the part that decides and announces the winners."""
    site = Client(address, token)
    rows = site.every("rankings/", question__challenge__slug=challenge, question__slug=question)
    ranking = max((row for row in rows if row["part"] == part), key=lambda row: row["number"])
    site.post(f"rankings/{ranking['id']}/publish/")
    body = {"question": f"{challenge}/{question}", "ranking": ranking["id"], "announced_at": at}
    announced: dict[str, Any] = site.post("announcements/", body)
    return announced


def waiting(address: str, token: str, now: datetime) -> int:
    """The rows of the queue that run, or wait though they are due; what waits for a later day of the edition is left out."""
    site = Client(address, token)
    count: int = site.get("work/", state="running", page_size=1)["count"]
    later: int = site.get("work/", state="waiting", page_size=1)["count"]
    if later > MOST_LATER:
        return count + later
    rows = site.every("work/", state="waiting") if later else []
    return count + sum(datetime.fromisoformat(row["run_at"]) <= now for row in rows)


def failed(address: str, token: str) -> list[dict[str, Any]]:
    return Client(address, token).every("work/", state="failed")

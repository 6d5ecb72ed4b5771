"""The organiser: draws the frame, looks at what waits for a person, splits, releases, publishes, announces."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from concours.client.http import Client, SiteRefusedError
from demo.editions import Edition, question_file, today

CHARTER = {
    "en": "I use the data for this challenge only, share them with nobody and delete them at the end.",
    "fr": "J'utilise les données pour ce seul challenge, ne les partage avec personne et les efface à la fin.",
}


def frame(address: str, token: str, edition: Edition, people: dict[str, Any]) -> dict[str, str]:
    """The whole challenge from its question files; e-mail -> secret of the invitation."""
    site = Client(address, token)
    site.post("challenges/", {"slug": edition.slug, "title": edition.title, "contact": "olga@concours.example"})
    now = today()
    for slug, changes in edition.questions.items():
        text = question_file(slug, changes, now)
        _refuses_a_broken_file(site, edition.slug, text)
        site.post("questions/", {"challenge": edition.slug, "text": text})
    for audience in ("centre", "team", "reader", "juror"):
        site.post("charters/", {"challenge": edition.slug, "audience": audience, "text": CHARTER})
    centres = {}
    for name in edition.centres():
        centres[name] = site.post("centres/", {"challenge": edition.slug, "name": name})["slug"]
    secrets = {}
    for email, invited in people.items():
        body = {"challenge": edition.slug, "email": email, "what": invited["what"]}
        if invited["what"] == "centre":
            body["centre"] = centres[invited["centre"]]
        secrets[email] = site.post("invitations/", body)["secret"]
    site.post(f"challenges/{edition.slug}/open/")
    return secrets


def _refuses_a_broken_file(site: Client, challenge: str, text: str) -> None:
    """A question file with three errors must come back with all of them, and nothing half-made."""
    broken = text.replace("kind:", "kin:", 1) + "unheard_of: 1\n"
    try:
        site.post("questions/", {"challenge": challenge, "text": broken})
    except SiteRefusedError as error:
        assert error.status == 400 and len(error.answer["errors"]) >= 2, error
        return
    raise AssertionError("a question file with errors was taken")


def look_through_reviews(address: str, token: str, edition: Edition) -> int:
    """What the platform is not sure of: writing in an image is refused, the rest is let through."""
    site = Client(address, token)
    decided = 0
    for review in site.every("reviews/", state="open", challenge=edition.slug):
        reasons = {point["reason"] for point in review["points"]}
        if reasons & {"burned_in_text", "unsupported_object"}:
            note = "A name stands in the image. Send the original CT slice instead."
            site.post(f"reviews/{review['id']}/refuse/", {"note": note})
        else:
            site.post(f"reviews/{review['id']}/confirm/", {"note": "Looked at: nothing identifying."})
        decided += 1
    return decided


def approve_teams(address: str, token: str, edition: Edition) -> int:
    """Teams of one person, in a small edition: the rule of composition is waived with a reason, or met."""
    site = Client(address, token)
    count = 0
    for team in site.every("teams/", challenge=edition.slug, state="applied"):
        detail = site.get(f"teams/{team['id']}/")
        waiver = "small edition for demonstration" if detail["unmet_rules"] else ""
        site.post(f"teams/{team['id']}/approve/", {"waiver": waiver})
        count += 1
    return count


def split_and_release(address: str, token: str, edition: Edition) -> None:
    """Sets are drawn and frozen, archives built, and every batch but the deciding one comes out."""
    site = Client(address, token)
    for slug in edition.questions:
        draft = site.post("splits/", {"question": f"{edition.slug}/{slug}"})
        site.post(f"splits/{draft['id']}/freeze/")
    for slug in edition.questions:
        batches = site.await_until(partial(_built, site, edition, slug))
        for batch in batches:
            site.post(
                f"batches/{batch['id']}/reschedule/",
                {"released_at": (today() - timedelta(seconds=1)).isoformat(), "reason": "demonstration"},
            )


def _built(site: Client, edition: Edition, slug: str) -> list[dict[str, Any]] | None:
    rows = site.every("batches/", question__challenge__slug=edition.slug, question__slug=slug)
    return rows if rows and all(row["state"] == "built" for row in rows) else None


def close_phases(address: str, token: str, edition: Edition) -> None:
    """The window of every deciding phase ends now."""
    site = Client(address, token)
    for slug in edition.questions:
        for phase in site.every("phases/", challenge=edition.slug, question=slug):
            if phase["decides"]:
                body = {"opens": phase["opens"], "closes": (today()).isoformat(), "reason": "the hour is over"}
                site.post(f"phases/{phase['id']}/reschedule/", body)


def open_jury(address: str, token: str, edition: Edition) -> None:
    site = Client(address, token)
    for slug in edition.questions:
        site.post("jury/", {"question": f"{edition.slug}/{slug}"})


def publish_and_announce(address: str, token: str, edition: Edition) -> dict[str, Any]:
    """Rankings become public, winners are out. What the organiser then sees, for each question."""
    site = Client(address, token)
    seen = {}
    for slug in edition.questions:
        name = f"{edition.slug}/{slug}"
        ranking = site.await_until(partial(_newest, site, edition.slug, slug))
        site.post(f"rankings/{ranking['id']}/publish/")
        announced = site.post(
            "announcements/",
            {"question": name, "ranking": ranking["id"], "announced_at": (today() - timedelta(seconds=1)).isoformat()},
        )
        seen[slug] = {"announcement": announced, "numbers": _numbers(site, edition, slug)}
    return seen


def _newest(site: Client, challenge: str, question: str) -> dict[str, Any] | None:
    """The newest ranking on the cases that decide, once no work is under way."""
    if any(site.every("work/", state=state) for state in ("waiting", "running")):
        return None
    rows = site.every("rankings/", question__challenge__slug=challenge, question__slug=question)
    parts = {row["part"] for row in rows}
    deciding = [row for row in rows if row["part"] == ("private" if "private" in parts else "all")]
    return max(deciding, key=lambda row: row["number"], default=None)


def _numbers(site: Client, edition: Edition, slug: str) -> dict[str, Any]:
    """Received, kept and refused by reason; batches; submissions."""
    exams = site.every("exams/", challenge=edition.slug, question=slug)
    refused: dict[str, int] = {}
    for exam in exams:
        if exam["state"] == "refused":
            refused[exam["reason"]] = refused.get(exam["reason"], 0) + 1
    batches = site.every("batches/", question__challenge__slug=edition.slug, question__slug=slug)
    submissions = site.every("submissions/", challenge=edition.slug, question=slug)
    teams = [team for team in site.every("teams/", challenge=edition.slug) if slug in team["entered"]]
    return {
        "received": len(exams),
        "kept": sum(exam["state"] == "accepted" for exam in exams),
        "refused": dict(sorted(refused.items())),
        "batches": [{"name": b["name"], "set": b.get("set_name", b["name"]), "exams": b["exams"]} for b in batches],
        "teams": len(teams),
        "submissions": len(submissions),
    }

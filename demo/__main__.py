"""`make demo`: plays small editions of five real questions over HTTP, prints the boards, then serves the site.

Every person is a process with a token; nothing here imports the site or opens its database. SERVE=0 ends after the boards,
DEMO_JSON=path also writes the summary, DEMO_KILLS=n kills a worker (`kill -9`) at n random moments on the way.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import multiprocessing
import os
import pickle
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from concours.client.http import Client
from demo.boards import show, summary
from demo.clients import centre, joining, juror, organiser, reader, team
from demo.editions import Edition, editions
from demo.phantoms.real import real_exams, sample_dir
from demo.progress import ProgressLine
from demo.serve import wait
from demo.site import ROOT, Site, free_port

PASSWORD = "concours-demo-2019"
ORGANISER = "olga@concours.example"


def slug(text: str) -> str:
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in text.lower())
    return "-".join(filter(None, plain.split("-")))


def people_of(edition: Edition) -> dict[str, dict[str, str]]:
    """Everybody whom the organiser invites, by e-mail."""
    people = {f"{slug(name)}@{edition.slug}.example": {"what": "centre", "centre": name} for name in edition.centres()}
    people |= {f"reader-{n}@{edition.slug}.example": {"what": "reader"} for n in (1, 2)}
    people |= {f"juror-{n + 1}@{edition.slug}.example": {"what": "juror"} for n in range(edition.jurors)}
    return people


def lead_of(edition: Edition, name: str) -> str:
    return f"{slug(name)}@team.{edition.slug}.example"


def everybody(played: Iterable[Edition]) -> str:
    """The table for `manage.py enrol`."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["email", "name", "staff"])
    writer.writerow([ORGANISER, "Olga Organise", 1])
    for edition in played:
        for email, who in people_of(edition).items():
            writer.writerow([email, f"{who['what'].title()} {email.split('@')[0]}", 0])
        for name in edition.team_names():
            writer.writerow([lead_of(edition, name), f"Lead of {name}", 0])
    return text.getvalue()


def answer_book(played: Iterable[Edition], path: Path) -> None:
    """What the teams' clients know of each case, by its pixels: how a demonstration can aim at a published score."""
    book = {}
    for edition in played:
        for phantom in [o.make() for o in edition.orders] + [
            p for q in edition.questions for c in edition.centres() for p in real_exams(q, c)
        ]:
            phantom.files = {}
            book[phantom.pixels] = phantom
    path.write_bytes(pickle.dumps(book))


def fixed_keys(site: Site, played: Iterable[Edition]) -> None:
    """Pseudonym keys that the demonstration always uses, so that its sets and boards can be compared between runs."""
    folder = site.data / "keys"
    folder.mkdir(parents=True, exist_ok=True)
    for edition in played:
        key = base64.b64encode(hashlib.sha256(f"demonstration {edition.slug}".encode()).digest())
        (folder / f"{edition.slug}.key").write_bytes(key)


class Play:
    """One run: the processes of the people, and how far they are."""

    def __init__(self, site: Site, tokens: dict[str, str], pool: ProcessPoolExecutor) -> None:
        self.site, self.tokens, self.pool, self.progress = site, tokens, pool, ProgressLine()

    def token(self, email: str) -> str:
        return self.tokens[email]

    def together(self, title: str, jobs: list[tuple[Callable[..., Any], tuple[Any, ...]]]) -> list[Any]:
        """Each job in a process of the pool; the results in the order of the jobs."""
        with self.progress.step(title, len(jobs)) as bar:
            futures: list[Future[Any]] = [
                self.pool.submit(function, self.site.address, *words) for function, words in jobs
            ]
            for future in as_completed(futures):
                future.result()
                bar.advance()
        return [future.result() for future in futures]


def run(play: Play, played: list[Edition], book: str) -> dict[str, Any]:
    began = time.monotonic()
    olga = play.token(ORGANISER)
    framed = play.together(
        "Organiser draws the frame", [(organiser.frame, (olga, edition, people_of(edition))) for edition in played]
    )
    secrets = {edition.slug: edition_secrets for edition, edition_secrets in zip(played, framed, strict=True)}

    def member(edition: Edition, email: str) -> tuple[str, str]:
        return play.token(email), secrets[edition.slug][email]

    play.together(
        "Teams register and sign",
        [(team.register, (play.token(lead_of(e, name)), e, name)) for e in played for name in e.team_names()],
    )
    play.together("Organiser approves teams", [(organiser.approve_teams, (olga, edition)) for edition in played])
    play.together(
        "Radiologists and jury accept and sign",
        [
            (joining.accept, (*member(e, email), e.slug, who["what"], email.split("@")[0]))
            for e in played
            for email, who in people_of(e).items()
            if who["what"] in ("reader", "juror")
        ],
    )
    play.together(
        "Centres send exams, each gets its verdict",
        [
            (centre.send_exams, (*member(e, email), e, who["centre"]))
            for e in played
            for email, who in people_of(e).items()
            if who["what"] == "centre"
        ],
    )
    play.together("Organiser looks at what is uncertain", [(organiser.look_through_reviews, (olga, e)) for e in played])
    _grade(play, played, olga)
    play.together(
        "Sets are drawn, batches built and released", [(organiser.split_and_release, (olga, e)) for e in played]
    )
    sending = [(play.token(lead_of(e, name)), e, name, book) for e in played for name in e.team_names()]
    play.together("Teams download, predict, submit", [(team.play, (*words, False)) for words in sending])
    play.together("The hour is over", [(organiser.close_phases, (olga, edition)) for edition in played])
    late = [words for words in sending if any(p.name == words[2] and p.does == "late" for p in words[1].teams)]
    play.together("Late teams are turned away", [(team.play, (*words, True)) for words in late])
    _jury(play, played, olga)
    seen = play.together(
        "Rankings published, winners announced", [(organiser.publish_and_announce, (olga, e)) for e in played]
    )
    visitor = Client(play.site.address)
    boards = [{q: visitor.get(f"boards/{e.slug}/{q}/") for q in e.questions} for e in played]
    return summary(list(zip(played, seen, boards, strict=True)), time.monotonic() - began)


def _quiet(play: Play, olga: str) -> bool | None:
    """True once no work waits or runs."""
    site = Client(play.site.address, olga)
    return None if any(site.every("work/", state=state) for state in ("waiting", "running")) else True


def _grade(play: Play, played: list[Edition], olga: str) -> None:
    """Each reader in a process; a second round for exams that were let through while the first was on."""
    jobs = [
        (reader.read_queue, (play.token(f"reader-{n}@{edition.slug}.example"),)) for edition in played for n in (1, 2)
    ]
    site = Client(play.site.address, olga)
    for title in ("Radiologists grade", "Radiologists look again"):
        site.await_until(lambda: _quiet(play, olga))
        play.together(title, jobs)


def _jury(play: Play, played: list[Edition], olga: str) -> None:
    with_jury = [edition for edition in played if edition.jurors]
    play.together("Jury is opened", [(organiser.open_jury, (olga, edition)) for edition in with_jury])
    play.together(
        "Jury marks blind cases",
        [
            (juror.mark_cases, (play.token(f"juror-{n + 1}@{e.slug}.example"), e.slug, q))
            for e in with_jury
            for q in e.questions
            for n in range(e.jurors)
        ],
    )


def killer(site: Site, kills: int, over: threading.Event) -> None:
    """`kill -9` to a worker at random moments."""
    chance = random.Random(os.environ.get("DEMO_SEED"))
    for _ in range(kills):
        if over.wait(chance.uniform(0.5, 8.0)):
            return
        site.kill_worker(chance.choice([name for name in site.processes if name != "web"]))


def main() -> int:
    serve = os.environ.get("SERVE", "1") != "0"
    kills = int(os.environ.get("DEMO_KILLS", "0"))
    data = Path(os.environ.get("CONCOURS_DATA") or (ROOT / "var" / "demo"))
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    played = list(editions())
    print(
        f"Concours plays {sum(len(e.orders) for e in played)} exams of {sum(len(e.questions) for e in played)} questions."
    )
    if sample_dir() is None:
        print("The folder of sample images is not there (SAMPLE_DIR): only generated and shipped files are sent.")
    port = int(os.environ.get("PORT", "8000")) if serve else free_port()
    site = Site(data, port, settings={"CONCOURS_LEASE_SECONDS": "15", "CONCOURS_HEARTBEAT_SECONDS": "3"})
    over = threading.Event()
    with site.running(), tempfile.TemporaryDirectory() as folder:
        fixed_keys(site, played)
        tokens = json.loads(site.manage("enrol", "-", "--tokens", "--password", PASSWORD, stdin=everybody(played)))
        book = Path(folder) / "answers"
        answer_book(played, book)
        if kills:
            threading.Thread(target=killer, args=(site, kills, over), daemon=True).start()
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(max_workers=6, mp_context=spawn) as pool:
            document = run(Play(site, tokens, pool), played, str(book))
        over.set()
        print(show(document))
        print(f"\nPlayed in {document['seconds']} s.")
        if target := os.environ.get("DEMO_JSON"):
            Path(target).write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")
        if serve:
            tell_logins(site, played)
            wait()
    return 0


def tell_logins(site: Site, played: list[Edition]) -> None:
    first = played[0]
    print(f"\nThe site is at {site.address} (Ctrl-C ends it). The password of everybody is {PASSWORD}")
    for role, email in (
        ("organiser", ORGANISER),
        ("centre", next(email for email, who in people_of(first).items() if who["what"] == "centre")),
        ("radiologist", f"reader-1@{first.slug}.example"),
        ("team", lead_of(first, "Owkin")),
        ("jury", "juror-1@sfr2021.example"),
        ("visitor", "no login"),
    ):
        print(f"  {role:<12} {email}")


if __name__ == "__main__":
    sys.exit(main())

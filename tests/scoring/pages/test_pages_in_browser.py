"""Every page kind of teams, jurors and visitors in a real browser: axe, the content policy, nothing wider than the screen."""

from __future__ import annotations

import io
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client

from challenges.invitations import invite
from core.models import User
from core.storage import put_bytes
from leaderboard.models import Ranking
from leaderboard.publish import publish_ranking
from scoring.models import JuryCase
from tests.factories.contests import contest
from tests.factories.exams import work_all
from tests.factories.people import juror_of, member_of, person, team_in
from tests.factories.questions import challenge, close_phase, question, reopen_phase
from tests.factories.submissions import masks_zip, sent
from tests.frontend.served import Answer, Route, served

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
LOOKS = [(390, "dark", "fr"), (1280, "light", "en")]


def answered(user: User | None, path: str, language: str) -> Route:
    """What the site answers, kept: the browser then needs no database."""
    client = Client(HTTP_ACCEPT_LANGUAGE=language)
    if user is not None:
        client.force_login(user)
    answer = client.get(path)
    assert answer.status_code == 200, path
    headers = {name: value for name, value in answer.items() if name.startswith("X-S") or name == "X-Window"}
    remaining: Answer = (200, {"Content-Type": answer["Content-Type"], **headers}, answer.content)

    def route(handler: BaseHTTPRequestHandler) -> Answer:
        return remaining

    return route


def pages() -> list[tuple[str, User | None, str]]:
    """A played contest and a jury: name, reader and address of each page kind."""
    cup = contest({"limits": {"per_day": 3}}, sides=(2, 3, 4, 5), test=2)
    address = cup.question
    milvue, owkin = team_in(address, "Milvue"), team_in(address, "Owkin")
    team_in(address, "Leviathan with a long name")
    maya = member_of(milvue)
    good = sent(address, milvue, cup.entry())
    sent(address, owkin, cup.entry(1))
    bad = sent(address, milvue, masks_zip({}, {"case-x": -3}))
    work_all()
    close_phase(cup.phase)
    publish_ranking(ranking=Ranking.objects.get(), actor=address.challenge.created_by)
    reopen_phase(cup.phase)
    _row, secret = invite(challenge=address.challenge, email="nils@example.org", what="team", team=milvue, actor=maya)
    generated = question("mtm-hcc", within=challenge("sfr-2021"))
    file = io.BytesIO()
    np.save(file, np.full((3, 8, 8), 90, np.uint8))
    blob = put_bytes("submissions", "jury-test", file.getvalue())
    case = JuryCase.objects.create(question=generated, index=0, cluster=0, images_key=blob.key)
    june = juror_of(generated, "June Juror")
    client = Client()
    client.force_login(june)
    client.post("/c/sfr-2021/mtm-hcc/jury/begin/")
    sam, home = person("Sam"), "/c/cup/sarcopenia/"
    return [
        ("challenge", None, "/c/cup/"),
        ("question", None, home),
        ("charter", sam, "/c/cup/charter/team/"),
        ("invitation", sam, f"/invitations/{secret}/"),
        ("new team", sam, "/c/cup/team/"),
        ("team", maya, "/c/cup/team/"),
        ("tokens", maya, "/account/tokens/"),
        ("data", maya, f"{home}data/"),
        ("submit", maya, f"{home}submit/"),
        ("verdicts", maya, f"{home}submit/verdicts/"),
        ("results", maya, f"{home}results/"),
        ("scored", maya, f"/submissions/{good.pk}/"),
        ("rejected", maya, f"/submissions/{bad.pk}/"),
        ("board", maya, f"{home}board/"),
        ("board of the organiser", address.challenge.created_by, f"{home}board/"),
        ("jury", june, "/c/sfr-2021/mtm-hcc/jury/"),
        ("case of the jury", june, f"/jury/{case.pk}/"),
        ("image of the jury", june, f"/jury/{case.pk}/volume?image=0"),
    ]


def test_every_page_kind_narrow_and_wide_light_and_dark() -> None:
    from axe_playwright_python.sync_playwright import Axe

    every = pages()
    routes = {
        language: {path.partition("?")[0]: answered(user, path, language) for _name, user, path in every[::-1]}
        for language in ("fr", "en")
    }
    routes = {language: dict(sorted(table.items())) for language, table in routes.items()}
    opened = [entry for entry in every if entry[0] not in ("verdicts", "image of the jury", "board of the organiser")]
    faults: list[Any] = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM))
        for width, theme, language in LOOKS:
            with served(routes[language]) as address:
                tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
                tab.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
                tab.on("pageerror", lambda error: faults.append(str(error)))
                for name, _user, path in opened:
                    tab.goto(address + path)
                    tab.wait_for_load_state("networkidle")
                    result = Axe().run(tab).response["violations"]
                    faults.extend(
                        (name, width, entry["id"], [node["html"] for node in entry["nodes"]]) for entry in result
                    )
                    if not tab.evaluate("document.documentElement.scrollWidth <= innerWidth"):
                        faults.append((name, width, "wider than the screen"))
                tab.close()
        browser.close()
    assert faults == []


def test_a_juror_marks_with_the_keys_alone() -> None:
    every = {name: (user, path) for name, user, path in pages()}
    user, path = every["case of the jury"]
    routes = {entry.partition("?")[0]: answered(user, entry, "en") for entry in (path, every["image of the jury"][1])}
    sent_marks: list[str] = []
    shown = routes[path]

    def receive(handler: BaseHTTPRequestHandler) -> Answer:
        if handler.command == "POST":
            sent_marks.append(handler.rfile.read(int(handler.headers["Content-Length"])).decode())
        return shown(handler)

    routes[path] = receive
    with playwright.sync_playwright() as driver, served(routes) as address:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM))
        tab = browser.new_page()
        tab.goto(address + path)
        playwright.expect(tab.locator("[data-viewer] canvas")).to_have_count(3)
        for key in "43210":
            tab.keyboard.press(key)
        with tab.expect_response(lambda answer: answer.request.method == "POST"):
            tab.keyboard.press("Enter")
        browser.close()
    assert "liver=4&tumour=3&enhancement=2&necrosis=1&consistency=0" in sent_marks[0]

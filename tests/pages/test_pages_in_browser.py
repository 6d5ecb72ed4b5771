"""Every page kind of centres, readers and organisers in a real browser: axe, the content policy, none wider than the screen."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from anonymization.models import Review
from challenges.drafts import start_draft
from challenges.invitations import invite
from concours.formats.fault import Fault
from core.models import User, Work
from core.progress import tell_fault
from grading.models import Reading
from pages.drafting.steps import STEPS
from tests.frontend.served import Answer, Route, served
from tests.pages.edition import Edition, accepted_exam, question_text, reading_of
from uploads.models import Exam

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
LOOKS = [(320, "dark", "fr"), (1280, "light", "en")]
TOO_WIDE = """[...document.querySelectorAll("main *")].filter(one => one.getBoundingClientRect().right > innerWidth + 1)
    .map(one => `${one.tagName}.${one.className}`).slice(0, 6)"""
FETCHED = ("fragment", "thumbnails", "values", "volume", "mask", "picture")


def answered(user: User | None, path: str, language: str) -> Route:
    """What the site answers, kept: the browser then needs no database."""
    client = Client(HTTP_ACCEPT_LANGUAGE=language)
    if user is not None:
        client.force_login(user)
    # A page's parts are fetched by its script, which says so.
    answer: Any = client.get(path, headers={"HX-Request": "true"} if path.endswith("/values/") else {})
    assert answer.status_code == 200, path
    body = b"".join(answer) if answer.streaming else answer.content
    headers = {name: value for name, value in answer.items() if name.startswith("X-")}
    remaining: Answer = (200, {"Content-Type": answer["Content-Type"], **headers}, body)

    def route(handler: BaseHTTPRequestHandler) -> Answer:
        return remaining if handler.command == "GET" else (204, {}, b"")

    return route


def pages(edition: Edition) -> list[tuple[str, User | None, str]]:
    """A challenge with something in every state: name, who looks, and address of each page kind."""
    claire, rita, olivia = edition.claire, edition.rita, edition.olivia
    refused, looked_at = accepted_exam(edition, side=3), accepted_exam(edition, side=5)
    fault = Fault("criterion_not_met", "image", "The slices are thick.")
    tell_fault(refused, fault, stage="check_quality", state="refused")
    Exam.objects.filter(pk=refused.pk).update(state="refused", reason=fault.reason)
    Exam.objects.filter(pk=looked_at.pk).update(state="review", reason="burned_in_text")
    point = {"reason": "burned_in_text", "where": "image", "template": "There may be writing.", "values": {}}
    review = Review.objects.create(exam=looked_at, stage="check_quality", points=[point])
    reading = reading_of(accepted_exam(edition), rita)
    apart = accepted_exam(edition, "Nice", side=6)
    for reader, grade in ((rita, "A"), (edition.remi, "D")):
        Reading.objects.create(exam=apart, reader=reader, order=9, state="graded", grade=grade)
    Work.objects.create(
        stage="deidentify", subject_id=str(uuid4()), state="failed", reason="OSError", challenge_id=edition.challenge.pk
    )
    team = edition.challenge.teams.get(slug="milvue")
    for what, more in (("reader", {"question": edition.question}), ("team", {"team": team})):
        invite(challenge=edition.challenge, email=f"{what}@example.org", what=what, actor=olivia, **more)
    home, both = "/c/jfr-2019/", "/c/jfr-2019/sarcopenia/"
    text = question_text("nodules").replace("digits: 3", "digits: many")  # so that its head lists something to settle
    draft = start_draft(challenge=edition.challenge, text=text, actor=olivia)
    sound = start_draft(challenge=edition.challenge, text=question_text("nodules"), actor=olivia)
    drafts = f"{home}setup/drafts/"
    return [
        ("home of a visitor", None, "/"),
        ("upload", claire, f"{both}upload/"),
        ("fragment", claire, f"{both}upload/feedback/"),
        ("exams", claire, f"{both}exams/"),
        ("refused exam", claire, f"/exams/{refused.pk}/"),
        ("thumbnails", claire, f"/exams/{refused.pk}/thumbnails/"),
        ("values", claire, f"/exams/{refused.pk}/values/"),
        ("queue", rita, "/readings/"),
        ("reading", rita, f"/readings/{reading.pk}/"),
        ("volume", rita, f"/readings/{reading.pk}/volume?image=image"),
        ("mask", rita, f"/readings/{reading.pk}/mask?image=image"),
        ("agreement", olivia, f"{both}agreement/"),
        ("reviews", olivia, f"{home}reviews/"),
        ("review", olivia, f"/reviews/{review.pk}/"),
        ("picture", olivia, f"/reviews/{review.pk}/pictures/0.png"),
        *((name, olivia, f"{home}{name}/") for name in ("console", "people", "timeline", "setup", "work", "audit")),
        ("team", edition.tom, f"{home}team/"),
        ("sets", olivia, f"{both}sets/"),
        ("results", olivia, f"{both}ending/"),
        ("new challenge", olivia, "/challenges/new/"),
        ("new question", olivia, f"{home}setup/new/"),
        *((f"draft: {step.name}", olivia, f"{drafts}{draft.pk}/{step.name}/") for step in STEPS),
        ("draft: file", olivia, f"{drafts}{draft.pk}/file/"),
        ("draft: preview", olivia, f"{drafts}{sound.pk}/preview/"),
    ]


def routes_of(every: list[tuple[str, User | None, str]], language: str) -> dict[str, Route]:
    return {path.partition("?")[0]: answered(user, path, language) for _name, user, path in every}


def test_every_page_kind_narrow_and_wide_light_and_dark(edition: Edition) -> None:
    from axe_playwright_python.sync_playwright import Axe

    every = pages(edition)
    routes = {language: routes_of(every, language) for language in ("fr", "en")}
    faults: list[Any] = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM))
        for width, theme, language in LOOKS:
            with served(routes[language]) as address:
                tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
                tab.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
                tab.on("pageerror", lambda error: faults.append(str(error)))
                for name, _user, path in every:
                    if name in FETCHED:
                        continue
                    tab.goto(address + path)
                    tab.wait_for_load_state("networkidle", timeout=30_000)
                    tab.evaluate("document.querySelectorAll('main details').forEach(one => { one.open = true })")
                    result = Axe().run(tab).response["violations"]
                    faults.extend(
                        (name, width, entry["id"], [node["html"] for node in entry["nodes"]]) for entry in result
                    )
                    if not tab.evaluate("document.documentElement.scrollWidth <= innerWidth"):
                        faults.append((name, width, "wider than the screen", tab.evaluate(TOO_WIDE)))
                tab.close()
        browser.close()
    assert faults == []


def test_one_key_grades_and_one_key_confirms(edition: Edition) -> None:
    every = pages(edition)
    paths = {name: path for name, _user, path in every}
    routes, posted = routes_of(every, "en"), []

    def receive(handler: BaseHTTPRequestHandler) -> Answer:
        posted.append((handler.path, handler.rfile.read(int(handler.headers["Content-Length"])).decode()))
        return 204, {}, b""

    grade, confirm = f"{paths['reading']}grade/", f"{paths['review']}confirm/"
    routes[grade] = routes[confirm] = receive
    with playwright.sync_playwright() as driver, served(routes) as address:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM))
        tab = browser.new_page()
        for page, key in (("reading", "b"), ("review", "c")):
            tab.goto(address + paths[page])
            tab.wait_for_load_state("networkidle", timeout=30_000)
            with tab.expect_response(lambda answer: answer.request.method == "POST"):
                tab.keyboard.press(key)
        tab.goto(address + paths["review"])
        tab.wait_for_load_state("networkidle", timeout=30_000)
        tab.keyboard.press("r")  # refusing needs a note: the key leads there, and typing there is typing
        tab.keyboard.type("cut")
        assert tab.locator("#note").input_value() == "cut"
        browser.close()
    assert [path for path, _body in posted] == [grade, confirm]
    assert "grade=B" in posted[0][1]


def test_no_key_grades_an_image_that_is_not_there_yet(edition: Edition) -> None:
    every = pages(edition)
    paths = {name: path for name, _user, path in every}
    routes, posted, arrived = routes_of(every, "en"), [], Event()

    def receive(handler: BaseHTTPRequestHandler) -> Answer:
        posted.append(handler.rfile.read(int(handler.headers["Content-Length"])).decode())
        return 204, {}, b""

    def slow(handler: BaseHTTPRequestHandler) -> Answer:
        arrived.wait(30)
        return volume(handler)

    where = next(path for path in routes if "/volume" in path)
    volume, routes[where], routes[f"{paths['reading']}grade/"] = routes[where], slow, receive
    with playwright.sync_playwright() as driver, served(routes) as address:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM))
        tab = browser.new_page()
        tab.goto(address + paths["reading"])
        viewer = tab.locator("[data-viewer]")
        playwright.expect(viewer).to_have_attribute("data-state", "loading")
        tab.keyboard.press("b")
        arrived.set()
        playwright.expect(viewer).to_have_attribute("data-state", "ready")
        assert posted == []
        with tab.expect_response(lambda answer: answer.request.method == "POST"):
            tab.keyboard.press("c")
        browser.close()
    assert len(posted) == 1 and "grade=C" in posted[0]

"""What a centre's browser knows of its exams stays in it: the list of folders and patients, and a number that is typed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from challenges.keys import key_of_centre
from tests.concours.deid.made import ct, written
from tests.frontend.served import Answer, Route, served
from tests.frontend.test_in_browser import Intake
from tests.pages.edition import Edition, accepted_exam
from tests.pages.test_pages_in_browser import CHROMIUM, answered

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
NUMBER = "IPP-É 20.771"
JSON = {"Content-Type": "application/json"}
BOTH = "/c/jfr-2019/sarcopenia/"


class Site:
    """Claire's pages and what the API answers to her, every request kept: its line, headers and body."""

    def __init__(self, edition: Edition) -> None:
        self.exam = accepted_exam(edition)
        self.centre = edition.centres["Bichat"]
        self.key = key_of_centre(self.centre)
        client = Client()
        client.force_login(edition.claire)
        self.handed = client.post(f"/api/v1/centres/{self.centre.pk}/key/").json()
        self.intake, self.asked = Intake(), list[str]()
        self.sign_in_again = False
        pages = [f"{BOTH}exams/", f"{BOTH}upload/", f"{BOTH}upload/feedback/", f"/exams/{self.exam.pk}/"]
        self.routes: dict[str, Route] = {path: self._kept(answered(edition.claire, path, "en")) for path in pages}
        for part in ("thumbnails/", "progress/", "values/"):
            self.routes[f"/exams/{self.exam.pk}/{part}"] = lambda handler: (200, {"Content-Type": "text/html"}, b"")
        self.routes["/api/v1/"] = self._kept(self._api)
        self.routes["/api/v1/uploads/"] = self._upload

    def _kept(self, route: Route) -> Route:
        def answer(handler: BaseHTTPRequestHandler) -> Answer:
            body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
            self.asked.append(f"{handler.command} {handler.path}\n{handler.headers}\n{body.decode('latin-1')}")
            return route(handler)

        return answer

    def _api(self, handler: BaseHTTPRequestHandler) -> Answer:
        where = urlsplit(handler.path)
        if where.path == f"/api/v1/centres/{self.centre.pk}/key/" and handler.command == "POST":
            if self.sign_in_again:
                return 403, JSON, json.dumps({"reason": "sign_in_again", "message": "Again."}).encode()
            return 200, JSON, json.dumps(self.handed).encode()
        if where.path == "/api/v1/exams/":
            query = parse_qs(where.query)
            mine = query.get("pseudonym") == [self.key.pseudonym(NUMBER)] or "upload" in query
            row = {"id": str(self.exam.pk), "number": self.exam.number, "question": "jfr-2019/sarcopenia", "folder": ""}
            result = [{**row, "centre": self.centre.slug}] if mine else []
            return 200, JSON, json.dumps({"results": result, "next": None}).encode()
        return 404, JSON, b"{}"

    def _upload(self, handler: BaseHTTPRequestHandler) -> Answer:
        if handler.command == "GET":
            self.asked.append(f"GET {handler.path}\n{handler.headers}")
            return (404, JSON, b"{}") if handler.path.endswith("/") else (200, JSON, b'{"state": "received"}')
        return self.intake(handler)


@pytest.fixture
def site(edition: Edition) -> Site:
    return Site(edition)


@pytest.fixture
def tab(site: Site) -> Iterator[Any]:
    """A page that fails the test for any script error or violation of the content policy."""
    faults: list[str] = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM))
        opened = browser.new_context(accept_downloads=True).new_page()
        opened.on("pageerror", lambda error: faults.append(str(error)))
        opened.on("console", lambda line: faults.append(line.text) if "Content Security" in line.text else None)
        yield opened
        browser.close()
    assert faults == []


def find(tab: Any, number: str) -> Any:
    tab.get_by_label("Patient number").fill(number)
    tab.get_by_role("button", name="Find the exam").click()
    return tab.locator("[data-found]")


def test_an_exam_is_found_by_a_number_that_no_request_holds(site: Site, tab: Any) -> None:
    with served(site.routes) as address:
        tab.goto(f"{address}{BOTH}exams/")
        answer = find(tab, f" {NUMBER} ")
        playwright.expect(answer.get_by_role("link")).to_have_attribute("href", f"/exams/{site.exam.pk}/")
        playwright.expect(find(tab, "IPP 0000")).to_contain_text("No exam of this patient")
        site.sign_in_again = True
        tab.reload()  # the key was in the page's memory alone
        playwright.expect(find(tab, NUMBER)).to_contain_text("enter your password again")
        link = tab.get_by_role("link", name="Enter the password")
        assert parse_qs(urlsplit(link.get_attribute("href")).query) == {"next": [f"{BOTH}exams/"]}
        stored = tab.evaluate("JSON.stringify({...localStorage, ...sessionStorage, cookies: document.cookie})")
    assert site.handed["key"] not in stored
    request = "\n".join(site.asked)
    assert request.count(f"POST /api/v1/centres/{site.centre.pk}/key/") == 2
    assert f"pseudonym={site.key.pseudonym(NUMBER)}" in request
    for part in (NUMBER, "20.771", "20771", "IPP", "%C3%89", "\u00c3\u0089"):
        assert part not in request


def send_folder(tab: Any, address: str, folder: Path) -> None:
    tab.goto(f"{address}{BOTH}upload/")
    tab.locator("[data-upload][data-ready]").wait_for()
    tab.get_by_label("information letter").check()
    tab.locator("input[data-folder]").set_input_files(str(folder))
    playwright.expect(tab.locator("tr[data-state=sent]")).to_have_count(1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "DURAND_3").mkdir()
    written(tmp_path / "DURAND_3", ct(PatientID=NUMBER, SpecificCharacterSet="ISO_IR 192"))
    return tmp_path / "DURAND_3"


def test_the_list_is_kept_shown_taken_along_and_deleted(site: Site, tab: Any, folder: Path, tmp_path: Path) -> None:
    own = f"[data-own-name='{site.exam.pk}']"
    identifiers = f"DURAND_3 · {NUMBER}"
    with served(site.routes) as address:
        with tab.expect_response(lambda answer: "/api/v1/exams/?upload=" in answer.url):
            send_folder(tab, address, folder)
        tab.goto(f"{address}{BOTH}exams/")
        playwright.expect(tab.locator(own)).to_have_text(identifiers)
        with tab.expect_download() as begun:
            tab.get_by_role("button", name="Export the list").click()
        begun.value.save_as(tmp_path / "list.csv")
        tab.get_by_role("button", name="Delete the list").click()
        tab.locator("#confirm-yes").click()
        playwright.expect(tab.locator("[data-told]")).to_contain_text("deleted from this browser")
        playwright.expect(tab.locator(own)).to_be_hidden()
        tab.locator("[data-file]").set_input_files(str(tmp_path / "list.csv"))
        playwright.expect(tab.locator("[data-told]")).to_contain_text("Exams imported: 1")
        tab.goto(f"{address}/exams/{site.exam.pk}/")
        playwright.expect(tab.locator(own)).to_have_text(identifiers)
    text = (tmp_path / "list.csv").read_text("utf-8-sig")
    assert str(site.exam.pk) in text and NUMBER in text and "DURAND_3" in text
    request = "\n".join(site.asked)
    assert "20.771" not in request and "DURAND" not in request


def test_a_shared_computer_keeps_nothing(site: Site, tab: Any, folder: Path) -> None:
    with served(site.routes) as address:
        tab.goto(f"{address}{BOTH}upload/")
        tab.get_by_label("Remember on this computer").uncheck()
        send_folder(tab, address, folder)
        assert not tab.get_by_label("Remember on this computer").is_checked()
        tab.goto(f"{address}{BOTH}exams/")
        playwright.expect(tab.locator("[data-kept]")).to_contain_text("0")
        assert tab.locator(f"[data-own-name='{site.exam.pk}']").is_hidden()
        names = tab.evaluate("indexedDB.databases().then(all => all.map(one => one.name))")
        rows = tab.evaluate("""() => new Promise(done => { const open = indexedDB.open("concours-exams");
            open.onsuccess = () => { const read = open.result.transaction("uploads").objectStore("uploads").getAll();
            read.onsuccess = () => done(read.result); }; })""")
    assert rows == [] and set(names) <= {"concours-exams"}
    assert not [line for line in site.asked if line.startswith("GET") and "uploads/0" in line]

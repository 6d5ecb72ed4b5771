"""The pictures of the documentation: made from pages on demand (`make pictures`), of pages that still render, with words."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.models import User
from tests.frontend.served import Route, served
from tests.pages.edition import Edition
from tests.pages.scenes import HEIGHT, PICTURES, WIDTH, Picture, Scene, scenes
from tests.pages.test_pages_in_browser import CHROMIUM, answered

DOCS = Path(__file__).parents[2] / "docs"
SHOWN = re.compile(r"!\[([^\]]*)\]\(((?:\.\./)?pictures/[^)\s]+)\)")
LARGEST = 150_000  # bytes
MAKE = "CONCOURS_MAKE_PICTURES" in os.environ


def shown() -> list[tuple[Path, str, Path]]:
    """Every picture of a page of the documentation: the page, the words in its place, the file."""
    pages = sorted(path for path in DOCS.rglob("*.md") if "decisions" not in path.parts)
    return [
        (page, words, (page.parent / target).resolve())
        for page in pages
        for words, target in SHOWN.findall(page.read_text(encoding="utf-8"))
    ]


def test_every_picture_is_there_small_and_shown_in_words_of_the_page() -> None:
    files = {picture.file for picture in PICTURES}
    assert {path.name for path in (DOCS / "pictures").iterdir()} == files
    assert {file.name for _page, _words, file in shown()} == files
    for page, words, file in shown():
        assert len(words) > 20, f"{page.name} shows {file.name} without saying what is to be seen"
        assert file.stat().st_size < LARGEST, file.name
        assert file.suffixes[0] == (".fr" if page.parent.name == "fr" else ".en"), (page, file.name)
    answer = [words for _page, words, _file in shown()]
    assert len(set(answer)) == len(answer), "two pictures are said to show the same, or one language stands for two"


@pytest.fixture
def tab() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM))
        yield browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        browser.close()


@pytest.mark.browser
@pytest.mark.django_db
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium")
def test_every_picture_is_of_a_page_that_still_has_its_title(edition: Edition, request: pytest.FixtureRequest) -> None:
    stages = scenes(edition)
    answers = {picture: routes_of(stages[picture.page], picture.language) for picture in PICTURES}
    tab = request.getfixturevalue("tab")  # only now: inside the browser's loop Django refuses its database
    titles = {picture.file: taken(tab, picture, stages[picture.page], answers[picture]) for picture in PICTURES}
    assert titles == {picture.file: picture.title for picture in PICTURES}


def routes_of(scene: Scene, language: str) -> dict[str, Route]:
    user: User = scene.user
    return {path.partition("?")[0]: answered(user, path, language) for path in (scene.path, *scene.parts)}


def taken(tab: Any, picture: Picture, scene: Scene, routes: dict[str, Route]) -> str:
    """Opens the page, keeps its picture where pictures are made, and tells its title."""
    with served(routes) as address:
        tab.goto(address + scene.path)
        tab.wait_for_load_state("networkidle", timeout=120_000)
        for viewer in tab.locator("[data-viewer][data-volume]").all():
            assert viewer.get_attribute("data-state") in ("shown", "ready"), picture.file
        if MAKE:
            image = Image.open(io.BytesIO(tab.screenshot(animations="disabled")))
            (DOCS / "pictures").mkdir(exist_ok=True)
            image.save(DOCS / "pictures" / picture.file, quality=82, method=6)
        return str(tab.title()).removesuffix(" · Concours")

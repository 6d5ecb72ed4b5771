"""Pictures of single cases on a board whose results are final: drawn, said in words and as a table, and harmless."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from challenges.models import Challenge, Phase, Question
from leaderboard.board_records import ScoreColumn
from leaderboard.case_pictures import case_pictures
from leaderboard.models import Ranking
from tests.factories.contests import contest
from tests.factories.exams import work_all
from tests.factories.people import person, team_in
from tests.factories.questions import challenge
from tests.factories.submissions import sent
from tests.frontend.served import served
from tests.leaderboard.nodules import nodules
from tests.scoring.pages.test_pages_in_browser import CHROMIUM, LOOKS, answered
from tests.scoring.test_jury import judged

__all__ = ["judged"]
pytestmark = pytest.mark.django_db
NAME = "<b>O'Hara</b> & Söhne"


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


def final(question_row: Question) -> str:
    """The board's address, its phase closed and everything published."""
    now = timezone.now()
    Phase.objects.filter(question=question_row).update(closes=now - timedelta(minutes=1))
    Ranking.objects.filter(question=question_row).update(published_at=now)
    return f"/c/{question_row.challenge.slug}/{question_row.slug}/board/"


def masks() -> str:
    scene = contest()
    for name, wear in ((NAME, 1), ("Owls", 2)):
        sent(
            scene.question,
            team_in(scene.question, name, person(f"lead {wear}")),
            scene.entry(wear=wear, off=3.0 * wear),
        )
    work_all()
    return final(scene.question)


def curves(within: Challenge | None = None) -> str:
    scene = nodules(within)
    cases = sorted(scene.abnormal)
    for name, answer in (("Owls", (0.1, 0.4, 0.3, 0.9)), ("Cats", (0.6, 0.4, 0.2, 0.1))):
        scene.send(name, dict(zip(cases, answer, strict=True)))
    work_all()
    return final(scene.question)


def column(name: str) -> ScoreColumn:
    return ScoreColumn(name, name.title(), direction="higher", unit="", error_unit="", axis=None)


def page(path: str) -> tuple[str, list[str]]:
    """A visitor's page and its headings."""
    text = Client(HTTP_ACCEPT_LANGUAGE="en").get(path).content.decode()
    return text, re.findall(r"<h[23][^>]*>([^<]+)<", text)


def test_strips_with_their_words_their_table_and_the_unit_of_the_values() -> None:
    text, headings = page(masks())
    start = headings.index("Details of the scores")
    assert headings[start + 1 : start + 3] == [
        "Dice coefficient: individual cases",
        "Mean squared error: error in each case",
    ]
    assert text.count('class="plot-cases"') == 4 and "Absolute error, mm²" in text
    assert "Each dot is one case" in text and text.count("Show as a table") == 2 and "Lower quartile" in text
    assert "<b>O'Hara" not in text and "&lt;b&gt;O" in text
    assert "style=" not in text.partition("Details of the scores")[2].partition("</section>")[0]


def test_curves_with_the_sensitivity_at_three_specificities() -> None:
    text, headings = page(curves())
    assert "ROC curves" in headings and text.count('class="plot-curve"') == 2
    assert "Sensitivity at specificity 0.9" in text and "closer to the upper left corner" in text


def test_the_plane_names_its_sources_and_counts_them(judged: Any) -> None:
    text, headings = page(final(judged))
    assert "Real and generated cases" in headings and "Uncertainty" not in headings
    assert "Shown in the plot" in text and "shown to the jury" in text
    for source in range(3):
        assert f'class="plot-source-{source}"' in text


def test_no_data_no_section() -> None:
    assert case_pictures([], [column("dice")], {}) == []
    path = masks()
    for ranking in Ranking.objects.all():
        ranking.statistics.pop("plots")
        ranking.save()
    assert "Details of the scores" not in page(path)[1]


def test_two_areas_have_a_picture_each_and_a_missing_prediction_a_dash() -> None:
    columns = [column(name) for name in ("tear", "side")]
    result = {"teams": ["a", "b"], "curves": [[[0, 0], [0, 0.5], [0.1, 0.5], [0.1, 1], [1, 1]], None]}
    line = {"team": "a", "scores": {"tear": 0.95}, "intervals": {"tear": [0.9, 0.99]}}
    drawn = case_pictures([line], columns, {"roc": {"tear": result, "side": result}})
    assert [picture.title for picture in drawn] == ["Tear: ROC curves", "Side: ROC curves"]
    assert drawn[0].table is not None
    assert drawn[0].table.rows == [["a", "0.95 [0.9–0.99]", "1", "1", "0.5"], ["b", "–", "–", "–", "–"]]


def test_a_visit_asks_the_database_as_little_as_before(django_assert_max_num_queries: Any) -> None:
    path = masks()
    page(path)
    with django_assert_max_num_queries(10):
        page(path)


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_in_a_browser_narrow_and_wide_light_and_dark(judged: Any) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    from axe_playwright_python.sync_playwright import Axe

    paths = [final(judged), curves(challenge("other"))]
    faults: list[Any] = []
    routes = {language: {path: answered(None, path, language) for path in paths} for _w, _t, language in LOOKS}
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM))
        for width, theme, language in LOOKS:
            with served(routes[language]) as address:
                tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
                tab.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
                for path in paths:
                    tab.goto(address + path)
                    tab.wait_for_load_state("networkidle")
                    for summary in tab.locator("section[aria-labelledby=cases] summary").all():
                        summary.click()
                    playwright.expect(tab.locator("section[aria-labelledby=cases] svg.plot").first).to_be_visible()
                    result = Axe().run(tab).response["violations"]
                    faults.extend(
                        (path, width, entry["id"], [node["html"] for node in entry["nodes"]]) for entry in result
                    )
                    if not tab.evaluate("document.documentElement.scrollWidth <= innerWidth"):
                        faults.append((path, width, "wider than the screen"))
                tab.close()
        browser.close()
    assert faults == []


def test_what_lies_behind_the_scores_is_shown_once_results_are_final() -> None:
    """Counts of the classes tell of labels, so they wait as the pictures of single cases do."""
    scene = nodules()
    cases = sorted(scene.abnormal)
    scene.send("Owls", dict(zip(cases, (0.1, 0.4, 0.3, 0.9), strict=True)))
    work_all()
    Ranking.objects.update(published_at=timezone.now())
    path = f"/c/{scene.question.challenge.slug}/{scene.question.slug}/board/"
    assert "Behind each team" not in page(path)[0]
    text, _ = page(final(scene.question))
    assert "What lies behind Owls – " in text and "Positive exams" in text

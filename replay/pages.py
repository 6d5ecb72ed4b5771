"""The slowest pages of a finished edition: the site's CPU for each, asked as a visitor and as the organiser."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import httpx

from concours.client.http import Client

REPEATS = 4


@dataclass(frozen=True)
class PageCost:
    """CPU of the web process in milliseconds, the mean of several requests after a first one, and the size of the answer."""

    page: str
    reader: str
    cpu_ms: float
    bytes: int


def sign_in(address: str, email: str, password: str) -> httpx.Client:
    """A browser's session. Raises RuntimeError where the sign-in form does not lead on."""
    browser = httpx.Client(base_url=address, follow_redirects=False, timeout=120, headers={"Accept-Language": "en"})
    form = browser.get("/accounts/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
    body = {"login": email, "password": password, "csrfmiddlewaretoken": token.group(1) if token else ""}
    answer = browser.post("/accounts/login/", data=body, headers={"Referer": f"{address}/accounts/login/"})
    if answer.status_code != 302:
        raise RuntimeError(f"the sign-in of {email} was answered with {answer.status_code}")
    return browser


def addresses(challenge: str, questions: Sequence[str], organiser: bool) -> list[str]:
    """The pages and lists of a challenge that this reader opens most, the long ones among them."""
    place = f"/c/{challenge}/"
    common = ["/", place, f"{place}results/", f"/api/v1/results/{challenge}/"]
    common += [page for slug in questions for page in (f"{place}{slug}/", f"{place}{slug}/board/")]
    if not organiser:
        return common
    console = ["console/", "console/counts/", "people/", "timeline/", "setup/", "work/", "audit/"]
    console += [f"{slug}/{name}/" for slug in questions for name in ("sets", "ending", "exams", "submissions")]
    lists = [f"exams/?challenge={challenge}", "work/", "audit/", f"teams/?challenge={challenge}",
             f"submissions/?challenge={challenge}"]  # fmt: skip
    return [*common, *(f"{place}{name}" for name in console), *(f"/api/v1/{name}" for name in lists)]


def measure(
    browsers: dict[str, httpx.Client], challenge: str, questions: Sequence[str], cpu: Callable[[], float]
) -> list[dict[str, object]]:
    """Every page that answers 200, most expensive first. `cpu` is what the web process has used so far, in seconds."""
    costs = []
    for reader, browser in browsers.items():
        for page in addresses(challenge, questions, reader == "organiser"):
            if (first := browser.get(page)).status_code != 200:
                continue
            before = cpu()
            for _ in range(REPEATS):
                browser.get(page)
            costs.append(PageCost(page, reader, round((cpu() - before) * 1000 / REPEATS, 1), len(first.content)))
    return [asdict(cost) for cost in sorted(costs, key=lambda page_cost: -page_cost.cpu_ms)]


def results(address: str, challenge: str) -> dict[str, object]:
    """The results page's own JSON, as a visitor gets it."""
    answer: dict[str, object] = Client(address).get(f"results/{challenge}/")
    return answer

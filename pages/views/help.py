"""The pages of docs/ that people of each role read, in their language, within the site."""

from __future__ import annotations

from collections.abc import ItemsView
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import markdown
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_safe

from core.pages import render_page

# What the menu of the help offers, in order. Pages for developers and administrators are read in docs/.
PAGES = {
    "centre": noop("Centres: upload exams"),
    "orthanc": noop("Centres: send from a PACS"),
    "radiologist": noop("Readers: grade exams"),
    "juror": noop("Jurors: mark generated images"),
    "team": noop("Teams: take part"),
    "organiser": noop("Organisers: run a challenge"),
    "question-files": noop("Question files"),
    "quality-control": noop("Inclusion criteria"),
    "privacy": noop("Data protection"),
    "reference": noop("Reason codes and formats"),
}
DOCS: Path = settings.ROOT / "docs"


@dataclass(frozen=True)
class HelpPage:
    """`pages`: names and titles of all of them; `name` is empty for the list alone."""

    pages: ItemsView[str, str]
    name: str
    title: str
    html: SafeString


@require_safe
def help_page(request: HttpRequest, name: str = "") -> HttpResponse:
    """The list of pages, or one of them."""
    if name and name not in PAGES:
        raise Http404
    html = _html(name, get_language() or "en") if name else ""
    page = HelpPage(PAGES.items(), name, PAGES.get(name, ""), mark_safe(html))  # noqa: S308 - our own files
    return render_page(request, "pages/help.html", page)


@lru_cache(maxsize=64)
def _html(name: str, language: str) -> str:
    path = DOCS / language / f"{name}.md"
    if not path.is_file():
        path = DOCS / f"{name}.md"
    text = path.read_text(encoding="utf-8").split("\n", 1)[1]  # the title is the page's own
    html = markdown.markdown(text, extensions=["tables", "fenced_code", "toc", "sane_lists"])
    html = html.replace("<table>", '<div class="table-scroll" tabindex="0"><table class="table">')
    html = html.replace("</table>", "</table></div>")
    for page in PAGES:
        for link in (page, f"../{page}"):  # a French page links to English ones above its folder
            html = html.replace(f'href="{link}.md', f'href="../{page}/')
    return html

"""Texts of organisers: Markdown is drawn, and nothing in it acts."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from core.prose import render_prose


class Elements(HTMLParser):
    """Every element with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))


def test_markdown_is_drawn() -> None:
    html = render_prose(
        "# Charter\n\nYou agree to **confidentiality**:\n\n- keep\n- delete\n\n[Rules](https://example.org/a?b=1&c=2)"
    )
    assert "<h2>Charter</h2>" in html
    assert "<strong>confidentiality</strong>" in html
    assert html.count("<li>") == 2
    assert '<a href="https://example.org/a?b=1&amp;c=2" rel="noopener noreferrer">Rules</a>' in html


def test_plain_text_keeps_its_lines() -> None:
    html = render_prose('First line,\nsecond line.\n\nIt\'s "quoted", 1 < 2 & 3 > 2.')
    assert html.count("<p>") == 2
    assert "First line,<br" in html
    assert 'It\'s "quoted", 1 &lt; 2 &amp; 3 &gt; 2.' in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "[a](  data:text/html,alert(1))",
        "[a](//example.org/x)",
        "![tracker](https://example.org/p.png)",
        "<https://example.org/><b onclick=x>",
        '[a](https://x "onmouseover=alert(1)")',
        "[a][1]\n\n[1]: javascript:alert(1)",
        "`<script>`",
        "    <script>alert(1)</script>",
    ],
)
def test_nothing_acts(text: str) -> None:
    page = Elements()
    page.feed(render_prose(text))
    assert {tag for tag, _attributes in page.found} <= {"p", "a", "span", "code", "pre"}
    assert {name for _tag, names in page.found for name, _value in names} <= {"href", "rel"}
    targets = [value for _tag, names in page.found for name, value in names if name == "href"]
    assert all(str(target).startswith("https://") for target in targets)

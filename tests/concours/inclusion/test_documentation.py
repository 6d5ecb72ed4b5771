"""docs/quality-control.md is what the criteria declare."""

from __future__ import annotations

from pathlib import Path

from concours.inclusion import declared
from concours.inclusion.describe import describe

PAGE = Path(__file__).parents[3] / "docs" / "quality-control.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == describe(), (
        "run: python -m concours.inclusion.describe > docs/quality-control.md"
    )


def test_every_criterion_and_parameter_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name, parameters in declared().items():
        section = page.split(f"### {name}\n")[1].split("\n### ")[0]
        assert all(f"| `{parameter}` |" in section for parameter in parameters)

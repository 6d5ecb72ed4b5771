"""Every template keeps the rules of docs/design.md: no inline script or style, icons of the sprite, words translated."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.looks import LOOKS
from tests.frontend import gallery

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.html") if path.parent.name != "mail")
ICONS = {line for line in (ROOT / "frontend/icons.txt").read_text().splitlines() if line and not line.startswith("#")}
NAMES = [str(path.relative_to(ROOT / "templates")) for path in TEMPLATES]


@pytest.mark.parametrize("path", TEMPLATES, ids=NAMES)
def test_no_inline_script_or_style(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=|\shx-on|javascript:", text)
    for script in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in script or "application/json" in script, script


@pytest.mark.parametrize("path", TEMPLATES, ids=NAMES)
def test_icons_are_in_the_sprite(path: Path) -> None:
    assert set(re.findall(r'{% icon "([^"]+)"', path.read_text(encoding="utf-8"))) <= ICONS


def test_every_look_has_an_icon_a_tone_and_a_word() -> None:
    sprite = (ROOT / "static/dist/icons.svg").read_text(encoding="utf-8")
    for name, look in LOOKS.items():
        assert f'id="{look.icon}"' in sprite, name
        assert look.tone in {"neutral", "info", "good", "warn", "bad", "gold", "accent"}, name
        assert str(look.word), name


def test_the_design_page_names_every_component() -> None:
    text = (ROOT / "docs/design.md").read_text(encoding="utf-8")
    frame = {"language_menu", "theme_menu", "user_menu", "messages", "confirm_dialog", "viewer_keys"}
    for path in (ROOT / "templates/components").glob("*.html"):
        if path.stem not in frame and not path.stem.startswith("words_"):
            assert f"`{path.stem}`" in text, path.stem


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_gallery_has_landmarks_and_its_language(render: Callable[..., str], language: str) -> None:
    html = render("pages/design.html", gallery.context(), language)
    assert f'<html lang="{language}"' in html
    for landmark in ('class="skip-link" href="#content"', '<main id="content"', "<header", "<nav", "<footer"):
        assert landmark in html
    assert html.count("<h1") == 1
    assert 'name="language"' in html


def test_names_from_files_are_escaped(render: Callable[..., str]) -> None:
    attack = '<img src=x onerror="alert(1)">'
    shown: dict[str, Any] = {
        "components/reasons.html": {"reasons": [{"message": attack, "where": attack, "todo": attack}]},
        "components/podium.html": {"winners": [{"place": 1, "team": attack, "score": attack, "note": attack}]},
        "components/tiles.html": {"tiles": [{"label": attack, "value": attack, "note": attack, "url": attack}]},
        "components/timeline.html": {"moments": [{"at": None, "title": attack, "note": attack}]},
        "components/empty.html": {"title": attack, "text": attack, "url": attack, "action": attack},
        "components/copy.html": {"text": attack},
        "components/checksum.html": {"text": attack},
        "components/viewer.html": {"title": attack, "volume_url": attack},
    }
    for template, context in shown.items():
        assert "<img" not in render(template, context), template

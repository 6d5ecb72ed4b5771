"""The documentation is complete and true: every page is in the navigation, every reason code is explained, every command runs."""

from __future__ import annotations

import ast
import os
import re
import shlex
from argparse import ArgumentParser
from functools import cache
from pathlib import Path

import pytest
import yaml

from concours.commands.main import find
from tests.architecture.source import ROOT, modules, parsed

DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md"))
FRENCH = ("centre", "radiologist", "juror")
CALLS = {"Fault": 0, "refuse": 0, "refusal": 0, "FileRefusedError": 0}


def reason_codes() -> set[str]:
    """Codes that code gives as a reason: of faults, of refusals of the API, of classes of errors."""
    codes = set()
    for path in modules():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call):
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                if name in CALLS and node.args and isinstance(node.args[0], ast.Constant):
                    codes.add(str(node.args[0].value))
            if isinstance(node, ast.ClassDef):
                codes |= {
                    str(line.value.value)
                    for line in node.body
                    if isinstance(line, ast.Assign)
                    and isinstance(line.targets[0], ast.Name)
                    and line.targets[0].id == "reason"
                    and isinstance(line.value, ast.Constant)
                }
    return {code for code in codes if re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", code)}


@cache
def file_names() -> set[str]:
    """The names of the project's files, those of its environment left out."""
    names: set[str] = set()
    for _, folders, files in os.walk(ROOT):
        folders[:] = [folder for folder in folders if folder not in (".venv", ".git", "node_modules", "var")]
        names |= set(files)
    return names


def test_every_reason_code_is_explained() -> None:
    text = (DOCS / "reference.md").read_text(encoding="utf-8")
    assert sorted(code for code in reason_codes() if f"`{code}`" not in text) == []


def test_every_page_is_in_the_navigation() -> None:
    class Loader(yaml.SafeLoader):
        """Reads mkdocs.yml, whose Python tags mean nothing here."""

    Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)
    navigation = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader)["nav"]

    def paths(entries: object) -> set[str]:
        if isinstance(entries, str):
            return {entries}
        if isinstance(entries, dict):
            return set().union(*(paths(value) for value in entries.values()))
        return set().union(*(paths(entry) for entry in entries)) if isinstance(entries, list) else set()

    listed = paths(navigation)
    pages = {path.relative_to(DOCS).as_posix() for path in PAGES}
    assert {page for page in pages - listed if not page.startswith("decisions/")} == set()


@pytest.mark.parametrize("name", FRENCH)
def test_what_centres_readers_and_jurors_read_is_in_french_too(name: str) -> None:
    english, french = ((DOCS / folder / f"{name}.md").read_text(encoding="utf-8") for folder in ("", "fr"))
    assert len(re.findall(r"^## ", english, re.MULTILINE)) == len(re.findall(r"^## ", french, re.MULTILINE))
    assert english.count("\n|") == french.count("\n|")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_links_lead_to_files(path: Path) -> None:
    text = re.sub(r"`[^`\n]*`", "", path.read_text(encoding="utf-8"))  # code is no link
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[\w-]+)?\)", text)
    local = [target for target in targets if not target.startswith(("http://", "https://", "mailto:"))]
    assert [target for target in local if not (path.parent / target).exists()] == []


def commands() -> list[str]:
    """Every call of `concours` in the pages' code blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", "\n".join(path.read_text(encoding="utf-8") for path in PAGES), re.DOTALL)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return sorted({line for line in lines if line.startswith("concours ")})


@pytest.mark.parametrize("line", commands())
def test_a_command_in_the_docs_is_one_that_exists(line: str) -> None:
    _, name, *words = shlex.split(line)
    parser = ArgumentParser(name)
    find(name).add_arguments(parser)
    parser.parse_args(words)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_no_page_cites_a_file_that_is_not_here(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    cited = set(re.findall(r"`([\w./-]+\.(?:md|py|yml|toml|conf))`", text))
    assert sorted(name for name in cited if Path(name).name not in file_names()) == []

"""One class name, one class: rows, library results and records do not share a name. And values have the noun of what they are."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator

from tests.architecture.source import ROOT, modules, name_of, parsed

# Django looks these up by name.
BY_CONVENTION = {"Command", "Migration"}


def classes() -> dict[str, list[str]]:
    """The product's classes that stand at the top of a file: name -> files."""
    tracked = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names: dict[str, list[str]] = defaultdict(list)
    for file in tracked.split():
        if not file.startswith(("tests/", "benchmarks/")) and (ROOT / file).is_file():
            for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef) and node.name not in BY_CONVENTION:
                    names[node.name].append(file)
    return names


def test_a_class_name_is_defined_once() -> None:
    twice = {name: files for name, files in classes().items() if len(files) > 1}
    assert twice == {}


# Participles and pronouns that tell nothing of a value: a value is named after what it is (STYLE.md, section 17).
NOT_NOUNS = {"found", "one", "known", "made", "said", "asked", "told", "given", "kept", "wanted"}
LEFT_IN_TESTS = 4  # lower it with each that is renamed
# The key `grading.kept` of a question file.
KEYS_OF_FILES = {("concours/questions/schema/nouns.py", "kept")}


def bound_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every name that a module gives to a value: variables, loop variables, parameters, attributes of `self`, functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ExceptHandler, ast.MatchAs)) and node.name:
            yield node.name, node.lineno


def places_without_nouns(*folders: str) -> list[str]:
    return [
        f"{name_of(path)}:{line} {name}"
        for path in modules(*folders)
        for name, line in bound_names(parsed(path))
        if name in NOT_NOUNS and (name_of(path), name) not in KEYS_OF_FILES
    ]


def test_the_names_that_are_looked_at() -> None:
    tree = ast.parse(
        "def given(asked):\n    for one in asked:\n        self.kept = known = one\n    return [told for told in known]"
    )
    assert [name for name, _ in bound_names(tree)] == ["given", "asked", "one", "kept", "known", "told"]


def test_a_value_is_named_after_what_it_is() -> None:
    assert places_without_nouns() == []
    assert places_without_nouns("benchmarks", "locale") == []


def test_loops_of_templates_name_what_they_go_through() -> None:
    loop = re.compile(r"{% for (\w+(?:, \w+)*) in ")
    unnamed = [
        f"{name_of(path)}: {names}"
        for path in sorted((ROOT / "templates").rglob("*.*"))
        for names in loop.findall(path.read_text(encoding="utf-8"))
        if NOT_NOUNS & set(names.split(", "))
    ]
    assert unnamed == []


def test_the_tests_get_no_more_of_them() -> None:
    assert len(places_without_nouns("tests")) <= LEFT_IN_TESTS

"""Values that pass from file to file have types: who acts is an Actor, what a page shows is a record."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import APPS, modules, name_of, parsed


def test_who_acts_has_its_type() -> None:
    wrong = []
    for path in modules(*APPS):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef):
                for argument in (*node.args.args, *node.args.kwonlyargs):
                    if argument.arg == "actor" and (
                        argument.annotation is None or ast.unparse(argument.annotation) != "Actor"
                    ):
                        wrong.append(f"{name_of(path)}:{node.lineno} {node.name}(actor)")
    assert wrong == []


VIEWS = re.compile(r"^[a-z]+/(views[a-z_]*\.py|views/.*\.py)$")
LOOSE = "dict[str, Any]"
# The document of the API, shown as it is.
DOCUMENTS = {"leaderboard/views.py BoardPage.board"}


def views() -> Iterator[Path]:
    return (path for path in modules(*APPS) if VIEWS.match(name_of(path)))


def is_record(node: ast.ClassDef) -> bool:
    return any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list)


def test_a_page_is_rendered_from_a_record() -> None:
    """`render` of Django takes any dictionary: views call `core.pages.render_page` with a record."""
    wrong = []
    for path in modules(*APPS):
        if name_of(path) == "core/pages.py":
            continue
        imported = {
            alias.name
            for node in ast.walk(parsed(path))
            if isinstance(node, ast.ImportFrom) and node.module in ("django.shortcuts", "django.template.response")
            for alias in node.names
        }
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                with_context = len(node.args) > 2 or any(word.arg == "context" for word in node.keywords)
                if node.func.id in imported & {"render", "TemplateResponse"} and with_context:
                    wrong.append(f"{name_of(path)}:{node.lineno}")
    assert wrong == []


def test_the_records_of_pages_are_frozen_and_name_their_types() -> None:
    wrong = []
    for path in views():
        for record in (node for node in parsed(path).body if isinstance(node, ast.ClassDef) and is_record(node)):
            if "frozen=True" not in ast.unparse(record.decorator_list[0]):
                wrong.append(f"{name_of(path)} {record.name} is not frozen")
            for field in (node for node in record.body if isinstance(node, ast.AnnAssign)):
                name = f"{name_of(path)} {record.name}.{ast.unparse(field.target)}"
                if LOOSE in ast.unparse(field.annotation) and name not in DOCUMENTS:
                    wrong.append(name)
    assert wrong == []


def test_views_make_no_loose_rows() -> None:
    """No function of a view answers dictionaries, no list of them is written down in one."""
    wrong = []
    for path in views():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef) and node.returns and LOOSE in ast.unparse(node.returns):
                wrong.append(f"{name_of(path)}:{node.lineno} {node.name}() answers {ast.unparse(node.returns)}")
            if isinstance(node, ast.ListComp) and isinstance(node.elt, ast.Dict):
                wrong.append(f"{name_of(path)}:{node.lineno} lists dictionaries")
    assert wrong == []

"""The house keeps its shape: directions, stages, who writes, no hidden side effects, plain templates."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.template import engines
from django.utils.module_loading import import_string

from config.pipeline import PIPELINE
from core.models import Moving
from core.registry import hooks, preloads, stages
from tests.architecture.source import APPS, ROOT, modules, name_of, parsed

WRITES = {
    "save",
    "create",
    "bulk_create",
    "update",
    "bulk_update",
    "delete",
    "get_or_create",
    "update_or_create",
    "move",
}
READERS = re.compile(r"^[a-z]+/(views|api|tasks|permissions|serializers|urls|api_urls)[a-z_]*(\.py|/.*\.py)$")
# What looks like a change of a row and is none, or is one that no step needs to own.
NOT_ROWS = {"updated", "headers", "context", "query", "hasher", "digest", "session", "cache", "params", "values"}


def test_relations_point_down_the_list_only() -> None:
    order = {name: height for height, name in enumerate(APPS)}
    wrong = []
    for model in apps.get_models():
        if model._meta.app_label not in order:
            continue
        for field in model._meta.get_fields():
            if field.auto_created or not field.is_relation or field.related_model is None:
                continue
            target = field.related_model._meta.app_label  # type: ignore[union-attr]
            if target in order and order[target] < order[model._meta.app_label]:
                wrong.append(f"{model._meta.label}.{field.name} -> {target}")
    assert wrong == []


def test_relations_written_as_strings_name_an_app_below() -> None:
    """A string escapes import-linter; here it does not."""
    wrong = []
    for path in modules(*APPS):
        if "models" not in name_of(path):
            continue
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in (
                "ForeignKey",
                "OneToOneField",
                "ManyToManyField",
            ):
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and "." in str(first.value):
                    app = str(first.value).split(".")[0]
                    if app in APPS and APPS.index(app) < APPS.index(path.relative_to(ROOT).parts[0]):
                        wrong.append(f"{name_of(path)}: {first.value}")
    assert wrong == []


def test_the_apps_stand_in_the_settings_from_the_ground_up() -> None:
    installed = [config.name for config in apps.get_app_configs() if config.name in APPS]
    assert installed == list(reversed(APPS))


def test_every_stage_of_the_pipeline_has_its_file_and_its_declared_work() -> None:
    assert [step.number for step in PIPELINE] == list(range(1, 11))
    for step in PIPELINE:
        assert (ROOT / step.file).is_file(), step.file
        assert set(step.work) <= set(stages()), step.title


def test_every_declared_stage_stands_in_the_pipeline() -> None:
    named = {work for step in PIPELINE for work in step.work}
    assert set(stages()) == named


@pytest.mark.parametrize("stage", sorted(stages()))
def test_what_a_stage_names_exists(stage: str) -> None:
    assert callable(import_string(stages()[stage].perform))
    if stages()[stage].on_failed:
        assert callable(import_string(stages()[stage].on_failed))


@pytest.mark.parametrize("hook", sorted(hooks()))
def test_what_a_hook_names_exists_and_something_calls_it(hook: str) -> None:
    assert all(callable(import_string(path)) for path in hooks()[hook])
    source = "\n".join(path.read_text(encoding="utf-8") for path in modules(*APPS))
    kind, _underscore, event = hook.rpartition("_")
    if event == "moved":  # `core.moves` calls it by the model's name
        assert kind in {model._meta.model_name for model in apps.get_models() if issubclass(model, Moving)}
        hook = "{kind}_moved"
    assert f'call_hook("{hook}"' in source or f'call_hook(f"{hook}"' in source or f'hooks().get("{hook}"' in source


def test_what_children_preload_exists() -> None:
    assert preloads()
    for name in preloads():
        assert (ROOT / f"{name.replace('.', '/')}.py").is_file()


def test_views_api_tasks_and_permissions_change_no_row_themselves() -> None:
    """Only verb files write: what parses a request or asks for leave calls a step."""
    wrong = []
    for path in modules(*APPS):
        if not READERS.match(name_of(path)):
            continue
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
                target = ast.unparse(node.func.value)
                if target.split(".")[-1] in NOT_ROWS or target.startswith(("super(", "hashlib", "re.")):
                    continue
                wrong.append(f"{name_of(path)}:{node.lineno} {target}.{node.func.attr}(…)")
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "move":
                wrong.append(f"{name_of(path)}:{node.lineno} move(…)")
    assert wrong == []


def test_nothing_happens_by_signal_or_in_save() -> None:
    wrong = []
    for path in modules(*APPS, "config"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ImportFrom) and node.module in ("django.db.models.signals", "django.dispatch"):
                wrong.append(f"{name_of(path)}:{node.lineno} imports {node.module}")
            if isinstance(node, ast.FunctionDef) and node.name in ("save", "delete") and "models" in path.parts:
                wrong.append(f"{name_of(path)}:{node.lineno} overrides {node.name}()")
    assert wrong == []


# Engines load codecs, networks and large libraries when they meet the file that needs one, in the child that reads it;
# metrics load OpenCV and scipy.spatial where something is measured, because web processes read what metrics declare.
ENGINES = (
    "concours/commands/",  # a command starts fast, and says what is missing where its extra is not installed
    "concours/imaging/load.py",  # a table is scored without the readers of images
    "concours/metrics/",
    "concours/deid/",
    "concours/second_check/",
    "concours/study/cleaning.py",
    "concours/evaluation/embedding/",
    "concours/formats/",
)


def test_imports_stand_at_the_top_of_their_file() -> None:
    wrong = []
    for path in modules():
        if name_of(path).startswith(ENGINES):
            continue
        for function in ast.walk(parsed(path)):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                wrong += [
                    f"{name_of(path)}:{node.lineno}"
                    for node in ast.walk(function)
                    if isinstance(node, ast.Import | ast.ImportFrom)
                ]
    assert sorted(set(wrong)) == []


def test_no_file_is_a_drawer_for_anything() -> None:
    drawers = {"utils.py", "helpers.py", "manager.py", "common.py", "misc.py"}
    assert [name_of(path) for path in modules() if path.name in drawers] == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        name_of(path)
        for path in modules()
        if path.name not in ("__init__.py", "apps.py")
        and path.read_text().strip()
        and not ast.get_docstring(parsed(path))
    ]
    assert silent == []


def test_each_app_has_its_first_migrations_and_named_ones_after() -> None:
    for app in APPS:
        if not (ROOT / app / "models").is_dir():
            continue
        names = sorted(path.stem for path in (ROOT / app / "migrations").glob("[0-9]*.py"))
        assert names[0] == "0001_initial", app
        assert [name for name in names if "_auto_" in name] == []


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_migrations_import_no_step() -> None:
    wrong = []
    for path in sorted(ROOT.glob("*/migrations/*.py")):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ImportFrom | ast.Import):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
                wrong += [
                    f"{name_of(path)}: {name}"
                    for name in names
                    if name.split(".")[0] in APPS and name.split(".")[1:2] != ["models"]
                ]
    assert wrong == []


# Mails have their styles in the elements: mail programs drop style sheets, and no content policy holds for them.
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.html") if path.parent.name != "mail")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT / "templates").as_posix())
def test_a_template_is_plain_and_compiles(path: Path) -> None:
    """The content policy forbids inline script and style; what slipped in would silently not work."""
    text = re.sub(r"\{#.*?#\}|\{% comment.*?endcomment %\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.search(r"<script(?![^>]*\b(src|type=\"application/json\"))[^>]*>", text), "inline script"
    assert not re.search(r"<style\b", text), "inline style sheet"
    assert not re.search(r"\sstyle\s*=", text), "inline style"
    assert not re.search(r"\son[a-z]+\s*=", text), "inline handler"
    assert "javascript:" not in text
    composed = re.sub(r"\{% blocktranslate.*?endblocktranslate %\}", "", text, flags=re.DOTALL)
    assert not re.search(r"[%}]\}:\s", composed), "a colon without {% colon %}: French has a space before it"
    assert not re.search(r"(src|href)=\"https?://", text), "something from elsewhere"
    engines["django"].get_template(path.relative_to(ROOT / "templates").as_posix())

"""One class name, one class: rows, library results and records do not share a name."""

from __future__ import annotations

import ast
import subprocess
from collections import defaultdict

from tests.architecture.source import ROOT

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

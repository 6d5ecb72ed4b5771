"""Question files from elsewhere: `read_question_file` takes ours, a Codabench bundle or an EvalAI configuration."""

from __future__ import annotations

from pathlib import Path

from concours.questions.schema.tree import read_tree

from .bundle import read_configuration
from .codabench import import_codabench
from .evalai import import_evalai
from .imported import Imported
from .values import pairs

__all__ = ["Imported", "import_codabench", "import_evalai", "read_question_file"]


def read_question_file(path: Path) -> Imported:
    """A file, folder or zip as the text of a question file of ours, with notes on what was not carried over.

    Raises SpecError with every error and its line. A file of ours comes back as it is, unchecked: `load_spec` does that.
    """
    _, text = read_configuration(path)
    tree, _ = read_tree(text, aliases=True)
    keys = pairs(tree)
    if "concours" in keys:
        return Imported("concours", text, ())
    if "challenge_phases" in keys or "evaluation_script" in keys:
        return import_evalai(text)
    if "phases" in keys:
        return import_codabench(text)
    return Imported("concours", text, ())

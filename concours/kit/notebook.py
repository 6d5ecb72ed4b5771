"""A script with `# %%` cells as a Jupyter notebook (nbformat 4.5), written by hand so that the same script is the same bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

CELL = re.compile(r"^# %%.*$", re.MULTILINE)
FORMAT = {"nbformat": 4, "nbformat_minor": 5}
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def notebook(script: str, last: str) -> str:
    """The cells of the script up to the one that begins `# %% Run`, then `last` instead of it."""
    cells = [*_cells(script), (False, last)]
    return json.dumps(
        {"cells": [_cell(*cell, at) for at, cell in enumerate(cells)], "metadata": KERNEL, **FORMAT}, indent=1
    )


def _cells(script: str) -> Iterator[tuple[bool, str]]:
    """Whether a cell is prose, and its text."""
    for head, body in zip(CELL.findall(script), CELL.split(script)[1:], strict=True):
        if head.strip() == "# %% Run":
            return
        if "[markdown]" in head:
            yield True, "\n".join(line.removeprefix("#").removeprefix(" ") for line in body.strip().splitlines())
            continue
        title = head.removeprefix("# %%").strip()
        yield False, f"# {title}\n{body.strip()}" if title else body.strip()


def _cell(prose: bool, text: str, number: int) -> dict[str, object]:
    shared = {"id": f"cell-{number}", "metadata": {}, "source": text.splitlines(keepends=True)}
    if prose:
        return {"cell_type": "markdown", **shared}
    return {"cell_type": "code", "execution_count": None, "outputs": [], **shared}

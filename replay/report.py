"""What a replay prints: the tables side by side, and what each stage cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from replay.compare import Comparison, equal

SLOWEST = 5


def tables_text(tables: Sequence[Comparison]) -> str:
    """Every table with the published value, and ours where it differs."""
    lines: list[str] = []
    for table in tables:
        lines += ["", f"== {table.name}"]
        for row, cells in table.published.items():
            own = table.ours.get(row, {})
            words = [
                f"{column} {value}" if equal(value, own.get(column)) else f"{column} {value} (ours: {own.get(column)})"
                for column, value in cells.items()
            ]
            lines.append(f"  {row:<34} {'  '.join(words)}")
    return "\n".join(lines)


def show(document: Mapping[str, Any]) -> str:
    """The costs of stages, the slowest pages, and the verdict."""
    lines = ["", f"{'stage':<44} {'wall s':>8} {'CPU s':>8} {'MB':>6} {'queue':>6} {'database MB':>12}"]
    for name, figures in document["stages"].items():
        lines.append(
            f"{name:<44} {figures['wall']:>8.1f} {figures['cpu']:>8.1f} {figures['memory'] / 1e6:>6.0f} {figures['queue']:>6} "
            f"{figures['database'] / 1e6:>12.1f}"
        )
    lines.append("")
    lines += [
        f"{figures['cpu_ms']:>8.1f} ms CPU  {figures['reader']:<10} {figures['page']}"
        for figures in document["pages"][:SLOWEST]
    ]
    lines += ["", *document["differences"]]
    verdict = (
        f"{len(document['differences'])} differences" if document["differences"] else "Every cell is the published one"
    )
    lines.append(f"{verdict}. Played in {document['seconds']} s at scale {document['scale']}.")
    return "\n".join(lines)

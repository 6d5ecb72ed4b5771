"""The end of the demo: boards in the terminal and the summary that scripts read."""

from __future__ import annotations

from typing import Any

from demo.editions import Edition


def summary(editions: list[tuple[Edition, dict[str, Any], dict[str, Any]]], seconds: float) -> dict[str, Any]:
    """The document of DEMO_JSON, from what the organiser saw and the boards that everybody sees."""
    questions = {}
    for _, seen, boards in editions:
        for slug, board in boards.items():
            announced = seen[slug]["announcement"]
            questions[slug] = {
                **seen[slug]["numbers"],
                "board": [_line(line) for line in board["lines"]],
                "winner": ", ".join(announced["winners"]),
                "best_centre": announced["best_centre"],
            }
    return {"questions": questions, "seconds": round(seconds, 1)}


def _line(line: dict[str, Any]) -> dict[str, Any]:
    """A board's line; `total` is what the rule compares (a sum of ranks, a mean, the score itself)."""
    return {name: line[name] for name in ("place", "team", "scores", "status", "total")}


def show(document: dict[str, Any]) -> str:
    """Boards as text, winner first."""
    lines = []
    for slug, question in document["questions"].items():
        refused = sum(question["refused"].values())
        lines += ["", f"== {slug}: {question['received']} exams received, {question['kept']} kept, {refused} refused"]
        for row in question["board"]:
            scores = "  ".join(f"{name} {_number(value)}" for name, value in row["scores"].items())
            place = row["place"] if row["place"] is not None else "-"
            total = f"total {_number(row['total'])}  " if row["total"] is not None and len(row["scores"]) > 1 else ""
            lines.append(f"  {place!s:>3}  {row['team']:<22} {row['status']:<8} {total}{scores}")
        lines.append(f"  Winner: {question['winner']}.  Best centre: {question['best_centre']}.")
    return "\n".join(lines)


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else "-"

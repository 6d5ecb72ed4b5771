"""A board as the page shows it: table and pictures as one fragment, rendered once a ranking, language and reader's team."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from challenges.frame import spec_of
from challenges.models import Question
from challenges.question_words import number, score_unit
from leaderboard.board import KEPT_SECONDS, board
from leaderboard.models import Ranking
from leaderboard.pictures import sections

RULES_WITH_TOTAL = ("rank_sum", "rank_mean", "weighted", "mean_of")


def fragment(user: Any, question: Question, phase: str, part: str) -> tuple[dict[str, Any] | None, SafeString]:
    """What `board` says, and its lines as HTML. A ranking never changes, so its HTML is kept under its hash."""
    shown = board(user, question, phase=phase, part=part)
    if shown is None or shown["number"] is None:
        return shown, SafeString("")
    asked = (shown["sha256"], shown["number"], get_language(), shown["shows_cases"], shown["cases_out"])
    key = ":".join(["board-page", *map(str, asked), shown["own"] or ""]).replace(" ", "_")
    html = cache.get(key)
    if html is None:
        html = str(render_to_string("leaderboard/lines.html", lines_context(question, shown)))
        cache.set(key, html, KEPT_SECONDS)
    return shown, mark_safe(html)  # noqa: S308  (rendered by our own template)


def lines_context(question: Question, shown: dict[str, Any]) -> dict[str, Any]:
    """Everything of a board that a template needs, numbers as the reader writes them."""
    ranking = Ranking.objects.get(
        question=question, phase__name=shown["phase"], part=shown["part"], number=shown["number"]
    )
    spec = spec_of(question)
    columns = [
        {
            **column,
            "unit": score_unit(spec, column["name"], column["unit"]),
            "error_unit": score_unit(spec, column["name"], "unit of the values"),
            "axis": _axis(column["name"], shown["lines"]),
        }
        for column in shown["columns"]
    ]
    lines = [_line(line, columns, shown["own"]) for line in shown["lines"]]
    has_total = shown["rule"].get("rule") in RULES_WITH_TOTAL or len(columns) > 1
    return {
        "columns": columns,
        "lines": lines,
        "has_total": has_total and any(line["total"] for line in lines),
        "has_intervals": any(line["places"] for line in lines),
        "rule": shown["rule"].get("rule", ""),
        "agreement": _agreement(shown["agreement"]),
        "sections": sections(
            {**shown, "columns": columns}, ranking.statistics or {}, int(ranking.snapshot.get("digits", 4))
        ),
    }


def _axis(name: str, lines: list[dict[str, Any]]) -> tuple[float, float] | None:
    """The common axis of a score's intervals."""
    ends = [end for line in lines for end in line["intervals"].get(name, []) if end is not None]
    return (min(ends), max(ends)) if ends and min(ends) < max(ends) else None


def _line(line: dict[str, Any], columns: list[dict[str, Any]], own: str | None) -> dict[str, Any]:
    cells = []
    for column in columns:
        name = column["name"]
        value = line["scores"].get(name)
        low, high = line["intervals"].get(name) or (None, None)
        rank = line["ranks"].get(name)
        cells.append(
            {
                "value": None if value is None else number(value),
                "plain": value,
                "low": low,
                "high": high,
                "axis": column["axis"],
                "words": f"{number(low)} – {number(high)}" if low is not None and high is not None else "",
                "rank": "" if rank is None else number(rank),
            }
        )
    places = line["places"]
    return {
        **line,
        "cells": cells,
        "mine": own is not None and line["team"] == own,
        "total": "" if line["total"] is None else number(line["total"]),
        "places": ""
        if not places
        else number(places[0])
        if places[0] == places[1]
        else f"{number(places[0])} – {number(places[1])}",
        "first": "" if line["first_probability"] is None else f"{round(100 * line['first_probability'])} %",
    }


def _agreement(found: dict[str, Any] | None) -> dict[str, Any] | None:
    if not found or found["kendall_tau"].get("mean") is None:
        return None
    return {"tau": number(found["kendall_tau"]["mean"]), "replicates": number(found["replicates"])}


def podium(shown: dict[str, Any]) -> list[dict[str, Any]]:
    """At most three teams at the first three places."""
    placed = [line for line in shown["lines"] if line["place"] is not None and line["place"] <= 3]
    leading = next((column for column in shown["columns"] if column["ranked_by"]), None)
    rows = []
    for line in placed[:3]:
        alone = leading is not None and sum(column["ranked_by"] for column in shown["columns"]) == 1
        value = line["scores"].get(leading["name"]) if alone and leading is not None else line["total"]
        title = leading["title"] if alone and leading is not None else None
        rows.append({"place": line["place"], "team": line["team"], "value": value, "title": title})
    return rows

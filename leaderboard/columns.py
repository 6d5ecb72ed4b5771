"""The columns of a board: each score that ranks, breaks ties, or is made into one that does."""

from __future__ import annotations

from typing import Any

from concours import metrics
from concours.evaluation.ranking_rule import RankingRule
from concours.questions.schema import QuestionSpec
from concours.questions.schema.rules import SUBMITTED_AT


def columns_of(spec: QuestionSpec, rule: RankingRule) -> list[dict[str, Any]]:
    """What a board shows of each score, in the order of the rule: derived scores after what they are made of."""
    parts_by_score = {part.name: part.of for part in rule.derived}
    ordered: dict[str, None] = {}

    def visit(name: str) -> None:
        for part in parts_by_score.get(name, ()):
            visit(part)
        if name != SUBMITTED_AT:
            ordered[name] = None

    for name in (*rule.by, *rule.tie_break):
        visit(name)
    return [_column(spec, rule, name) for name in ordered]


def _column(spec: QuestionSpec, rule: RankingRule, name: str) -> dict[str, Any]:
    metric = spec.metrics.get(name)
    title: Any = name.replace("_", " ").capitalize()
    unit = ""
    if metric is not None and metric.metric in metrics.names():
        title = metrics.find(metric.metric).title
        unit = metrics.find(metric.metric).unit_with(metric.params)
    declared = metric or spec.ranking.derived.get(name)
    if declared is not None and declared.title is not None:
        title = {"en": declared.title.en, "fr": declared.title.fr}
    return {
        "name": name,
        "title": title,
        "unit": unit,
        "direction": rule.direction(name),
        "derived": name in {d.name for d in rule.derived},
        "ranked_by": name in rule.by,
    }

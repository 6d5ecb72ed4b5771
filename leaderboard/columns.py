"""The columns of a board: each score that ranks, breaks ties, or is made into one that does."""

from __future__ import annotations

from typing import Any

from concours import metrics
from concours.evaluation.ranking_rule import RankingRule
from concours.questions.schema import QuestionSpec
from concours.questions.schema.rules import SUBMITTED_AT


def columns_of(spec: QuestionSpec, rule: RankingRule) -> list[dict[str, Any]]:
    """What a board shows of each score, in the order of the rule: derived scores after what they are made of."""
    made = {one.name: one.of for one in rule.derived}
    ordered: dict[str, None] = {}

    def visit(name: str) -> None:
        for one in made.get(name, ()):
            visit(one)
        if name != SUBMITTED_AT:
            ordered[name] = None

    for name in (*rule.by, *rule.tie_break):
        visit(name)
    return [_column(spec, rule, name) for name in ordered]


def _column(spec: QuestionSpec, rule: RankingRule, name: str) -> dict[str, Any]:
    one = spec.metrics.get(name)
    title: Any = name.replace("_", " ").capitalize()
    unit = ""
    if one is not None and one.metric in metrics.names():
        title = metrics.find(one.metric).title
        unit = metrics.find(one.metric).unit_with(one.params)
    made = one or spec.ranking.derived.get(name)
    if made is not None and made.title is not None:
        title = {"en": made.title.en, "fr": made.title.fr}
    return {
        "name": name,
        "title": title,
        "unit": unit,
        "direction": rule.direction(name),
        "derived": name in {d.name for d in rule.derived},
        "ranked_by": name in rule.by,
    }

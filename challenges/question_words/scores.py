"""The scores of a question in words: title, unit, direction, range, and what happens where a score is not obvious."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import get_language, gettext, ngettext, pgettext

from challenges.question_words.parts import number, range_words, setting_words, unit_words
from concours import metrics
from concours.questions.schema import JurySpec, MetricSpec, QuestionSpec
from core.words import say


@dataclass(frozen=True)
class ScorePolicy:
    """What a score is in a case where it is not obvious."""

    when: str
    what: str


@dataclass(frozen=True)
class ScoreWords:
    """A score as the question's page shows it; empty texts are not shown."""

    name: str
    title: str
    summary: str
    better: str
    unit: str = ""
    range: str = ""
    over: str = ""
    parameters: Sequence[str] = ()
    goal: str = ""
    policies: Sequence[ScorePolicy] = ()


def score_unit(spec: QuestionSpec, name: str) -> str:
    """The unit of a score, as in (mm²)²; empty where it has none."""
    declared = spec.metrics.get(name)
    if declared is None or declared.metric not in metrics.names():
        return ""
    return unit_words(metrics.find(declared.metric).unit_with(declared.params, _unit(spec, declared)))


def field_unit(spec: QuestionSpec, name: str) -> str:
    """The unit of the field that a score compares."""
    declared = spec.metrics.get(name)
    return "" if declared is None else unit_words(_unit(spec, declared))


def _unit(spec: QuestionSpec, declared: MetricSpec) -> str:
    field = spec.data.fields.get(declared.fields[0]) if declared.fields else None
    return field.unit if field is not None else ""


def score_title(spec: QuestionSpec, name: str) -> str:
    """What a score of this question is called: by the question file, by its metric, or by its own name."""
    language = get_language() or "en"
    declared = spec.metrics.get(name)
    if declared is not None and declared.title is not None:
        return declared.title.says(language)
    if declared is not None and declared.metric in metrics.names():
        same = sum(other.metric == declared.metric for other in spec.metrics.values())
        if same == 1:
            return say(metrics.find(declared.metric).title)
    if spec.jury is not None and name == spec.jury.score:
        return gettext("Jury")
    return name.replace("_", " ").capitalize()


def scores(spec: QuestionSpec) -> list[ScoreWords]:
    """Every score with direction, unit, range and the policy where a score is not obvious."""
    rows = [_score(spec, name, declared) for name, declared in spec.metrics.items()]
    return rows if spec.jury is None else [*rows, _jury_score(spec, spec.jury)]


def _jury_score(spec: QuestionSpec, jury: JurySpec) -> ScoreWords:
    return ScoreWords(
        name=jury.score,
        title=score_title(spec, jury.score),
        summary=ngettext(
            "Jurors mark %(cases)s case per team without knowing the team. The result is the mean over jurors.",
            "Jurors mark %(cases)s cases per team without knowing the team. The result is the mean over "
            "cases, then over jurors.",
            jury.cases,
        )
        % {"cases": jury.cases},
        better=gettext("higher is better"),
        range=range_words(0, jury.max, None, ""),
    )


def _score(spec: QuestionSpec, name: str, declared: MetricSpec) -> ScoreWords:
    title = score_title(spec, name)
    if declared.metric not in metrics.names():
        summary = gettext("Computed outside the platform and entered by the organisers.")
        return ScoreWords(name, title, summary, better(declared.direction))
    metric = metrics.find(declared.metric)
    policy = metric.policy
    return ScoreWords(
        name=name,
        title=title,
        summary=say(metric.summary),
        unit=score_unit(spec, name),
        better=better(metric.direction),
        range=_limits(metric.range_with(declared.params)),
        over=gettext("%(how)s over the cases") % {"how": aggregate_words(declared.aggregate)}
        if declared.over == "cases"
        else gettext("over the whole set"),
        parameters=[f"{key}: {setting_words(value)}" for key, value in declared.params.items()],
        goal="" if declared.goal is None else number(declared.goal),
        policies=[
            ScorePolicy(when, say(what))
            for when, what in (
                (gettext("Both masks empty"), policy.both_empty),
                (gettext("One mask empty"), policy.one_empty),
                (gettext("Only one class"), policy.one_class),
                (gettext("Missing or not finite"), policy.missing),
                (gettext("Undefined"), policy.undefined),
            )
            if what
        ],
    )


def _limits(limits: tuple[float, float]) -> str:
    low, high = limits
    if math.isinf(low) and math.isinf(high):
        return gettext("any number")
    if math.isinf(high):
        return range_words(low, None, None, "")
    if math.isinf(low):
        return range_words(None, high, None, "")
    return range_words(low, high, None, "")


def aggregate_words(aggregate: str) -> str:
    return {
        "mean": pgettext("aggregate", "mean"),
        "median": pgettext("aggregate", "median"),
        "sum": pgettext("aggregate", "sum"),
        "min": pgettext("aggregate", "least"),
        "max": pgettext("aggregate", "greatest"),
    }.get(aggregate, aggregate)


def better(direction: str) -> str:
    return {"higher": gettext("higher is better"), "lower": gettext("lower is better")}.get(direction, "")

"""What the scores of one submission are made of, case by case, kept sealed beside them so that boards can be bootstrapped.

Plain: `evidence` gives arrays by name, `of_cases` stacks those of several teams, `sampled` as `scoring.statistics` takes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import metrics
from challenges.spec import QuestionSpec
from scoring.evaluate import EXTERNAL, Evaluation
from scoring.statistics.bootstrap import Sampled
from scoring.truth import Truth

Arrays = dict[str, np.ndarray]
ERRORS = {"mse": 2, "rmse": 2, "mae": 1}  # metric: the power of a case's absolute error


def evidence(spec: QuestionSpec, truth: Truth, found: Evaluation) -> Arrays:
    """`ids`, `parts`, and for each score made of cases `<score>.value` (n,), or `<score>.truth` and `<score>.said` (n,)."""
    arrays: Arrays = {
        "ids": np.array(truth.ids, dtype=str),
        "parts": np.array([truth.parts.get(case, "") for case in truth.ids], dtype=str),
    }
    for name, one in spec.metrics.items():
        if one.metric == EXTERNAL or one.over == "declared" or one.where:
            continue
        if metrics.find(one.metric).over == "case":
            arrays[f"{name}.value"] = np.array([_number(found.cases[case].get(name)) for case in truth.ids])
        elif one.metric in (*ERRORS, "roc_auc") and name in found.pairs:
            true, said = (np.asarray(side, float) for side in found.pairs[name])
            if true.shape == said.shape == (len(truth.ids),):
                arrays[f"{name}.truth"], arrays[f"{name}.said"] = true, said
    return arrays


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


@dataclass(frozen=True)
class OfCases:
    """What one score of t teams is made of: values (t, n) of n cases, or with `truth` (n,) what the teams said of them."""

    values: np.ndarray
    truth: np.ndarray | None = None


def of_cases(spec: QuestionSpec, name: str, sides: Sequence[Mapping[str, Any]], part: str) -> OfCases | None:
    """Over one part (`all`: every case); None where the score is not made of cases, or the teams were scored on different
    ones.
    """
    if name not in spec.metrics or not sides or any("ids" not in side for side in sides):
        return None
    if any(list(side["ids"]) != list(sides[0]["ids"]) for side in sides):
        return None
    kept = np.ones(len(sides[0]["ids"]), bool) if part == "all" else sides[0]["parts"] == part
    if not kept.any():
        return None
    if all(f"{name}.value" in side for side in sides):
        return OfCases(np.stack([side[f"{name}.value"][kept] for side in sides]))
    if all(f"{name}.said" in side for side in sides):
        return OfCases(np.stack([side[f"{name}.said"][kept] for side in sides]), sides[0][f"{name}.truth"][kept])
    return None


def sampled(
    spec: QuestionSpec, name: str, sides: Sequence[Mapping[str, Any]], values: Sequence[float | None], part: str
) -> Sampled:
    """One score of several teams as it is drawn again from cases; a fixed number each where that cannot be done."""
    fixed = Sampled("fixed", np.array([_number(value) for value in values]))
    one, made = spec.metrics.get(name), of_cases(spec, name, sides, part)
    if one is None or made is None:
        return fixed
    if made.truth is None:
        return Sampled("mean", made.values) if one.aggregate == "mean" else fixed
    if one.metric == "roc_auc":
        classes = made.truth == 1
        return Sampled("auc", made.values, truth=classes) if 0 < classes.sum() < len(classes) else fixed
    powers = np.abs(made.values - made.truth) ** ERRORS[one.metric]
    return Sampled("root_mean" if one.metric == "rmse" else "mean", powers)


def testable(made: Sampled) -> bool:
    """Whether teams can be compared in pairs: every team has every case, and DeLong's covariance two cases of each class."""
    if made.how not in ("auc", "mean", "root_mean") or not np.isfinite(made.values).all():
        return False
    return made.truth is None or min(int(made.truth.sum()), int((~made.truth).sum())) >= 2

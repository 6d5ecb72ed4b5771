"""Free-response ROC: sensitivity for lesions at a number of false alarms an exam."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from metrics.basis.contract import Metric, Parameter, Policy, Score, gettext_noop

RATES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


def froc(truth: Mapping[str, Any], prediction: Mapping[str, Any], *, rates: Sequence[float]) -> Score:
    """Mean sensitivity at the given false positives an exam, 0 to 1 (LUNA16, Setio 2017; Bunch 1978).

    truth: `cases` (all exams, with or without lesions), `case` (n,), `position` (n, d) mm, `radius` (n,) mm.
    prediction: `case` (m,), `position` (m, d) mm, `confidence` (m,). A candidate within the radius of a lesion of its
    exam finds it; a lesion counts once, at its most confident candidate, and further candidates on it count neither for
    nor against. Sensitivity at a rate is the highest at any threshold with at most that many false positives.
    Undefined without exams (`empty_set`), without lesions (`one_class`) or with a value missing (`missing_value`).
    """
    every = list(truth["cases"])
    found_in, lesion_in = np.asarray(prediction["case"]), np.asarray(truth["case"])
    confidence = np.asarray(prediction["confidence"], np.float64)
    lesions, radius = np.asarray(truth["position"], np.float64), np.asarray(truth["radius"], np.float64)
    candidates = np.asarray(prediction["position"], np.float64)
    if not every:
        return Score.undefined("empty_set")
    unknown = set(found_in.tolist()) | set(lesion_in.tolist())
    if not unknown <= set(every):
        raise ValueError(f"{len(unknown - set(every))} exams are not among the {len(every)} of the set.")
    if not len(lesion_in):
        return Score.undefined("one_class", exams=len(every), lesions=0)
    if not all(np.isfinite(values).all() for values in (confidence, lesions, radius, candidates)):
        return Score.undefined("missing_value")
    best = np.full(len(lesion_in), -np.inf)
    false = np.ones(len(found_in), bool)
    for exam in every:
        here, there = np.flatnonzero(found_in == exam), np.flatnonzero(lesion_in == exam)
        if not len(here) or not len(there):
            continue
        apart = np.linalg.norm(candidates[here, None] - lesions[None, there], axis=-1)
        hits = apart <= radius[there]
        false[here] = ~hits.any(axis=1)
        best[there] = np.where(hits, confidence[here, None], -np.inf).max(axis=0)
    alarms = np.sort(confidence[false])[::-1]
    sensitivities = [_sensitivity(best, alarms, rate * len(every)) for rate in rates]
    details = {
        "exams": len(every),
        "lesions": len(lesion_in),
        "sensitivities": dict(zip(map(str, rates), sensitivities, strict=True)),
    }
    return Score(float(np.mean(sensitivities)), details=details)


def _sensitivity(best: np.ndarray, alarms: np.ndarray, allowed: float) -> float:
    """Share of lesions found above the lowest threshold that lets at most `allowed` false positives pass."""
    number = int(np.floor(allowed + 1e-9))
    if number >= len(alarms):
        return float(np.mean(best > -np.inf))
    return float(np.mean(best > alarms[number]))


METRIC = Metric(
    name="froc",
    title=gettext_noop("FROC score"),
    summary=gettext_noop("Share of the lesions found, averaged over the allowed numbers of false alarms an exam."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="detections",
    over="set",
    function=froc,
    policy=Policy(
        one_class=gettext_noop("No lesion in any exam: undefined (null)."),
        missing=gettext_noop(
            "An exam without candidates counts with all its lesions missed; a missing number makes the score undefined (null)."
        ),
    ),
    source="Bunch et al. 1978; Setio et al. 2017 (LUNA16)",
    parameters=(Parameter("rates", RATES, gettext_noop("False positives an exam at which sensitivity is read.")),),
)

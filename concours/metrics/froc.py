"""Free-response ROC: sensitivity for lesions at a number of false alarms an exam."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from concours.metrics.basis.contract import Metric, MetricParameter, MetricValue, Policy, gettext_noop
from concours.metrics.basis.resample import Estimator, Floats, Resample, ratio

RATES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


def froc(truth: Mapping[str, Any], prediction: Mapping[str, Any], *, rates: Sequence[float]) -> MetricValue:
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
        return MetricValue.undefined("empty_set")
    unknown = set(found_in.tolist()) | set(lesion_in.tolist())
    if not unknown <= set(every):
        raise ValueError(f"{len(unknown - set(every))} exams are not among the {len(every)} of the set.")
    if not len(lesion_in):
        return MetricValue.undefined("one_class", exams=len(every), lesions=0)
    if not all(np.isfinite(values).all() for values in (confidence, lesions, radius, candidates)):
        return MetricValue.undefined("missing_value")
    best, false = _matched(truth, prediction)
    alarms = np.sort(confidence[false])[::-1]
    sensitivities = [_sensitivity(best, alarms, rate * len(every)) for rate in rates]
    details = {
        "exams": len(every),
        "lesions": len(lesion_in),
        "sensitivities": dict(zip(map(str, rates), sensitivities, strict=True)),
    }
    return MetricValue(float(np.mean(sensitivities)), details=details)


def _matched(truth: Mapping[str, Any], prediction: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """The highest confidence that finds each lesion (n,), -inf for none; and which candidates are false alarms (m,)."""
    found_in, lesion_in = np.asarray(prediction["case"]), np.asarray(truth["case"])
    confidence = np.asarray(prediction["confidence"], np.float64)
    lesions, radius = np.asarray(truth["position"], np.float64), np.asarray(truth["radius"], np.float64)
    candidates = np.asarray(prediction["position"], np.float64)
    best = np.full(len(lesion_in), -np.inf)
    false = np.ones(len(found_in), bool)
    for exam in list(truth["cases"]):
        here, there = np.flatnonzero(found_in == exam), np.flatnonzero(lesion_in == exam)
        if not len(here) or not len(there):
            continue
        apart = np.linalg.norm(candidates[here, None] - lesions[None, there], axis=-1)
        hits = apart <= radius[there]
        false[here] = ~hits.any(axis=1)
        best[there] = np.where(hits, confidence[here, None], -np.inf).max(axis=0)
    return best, false


def _reason(truth: Mapping[str, Any], **_: Any) -> str:
    return "one_class" if len(truth["cases"]) and not len(truth["case"]) else ""


def _estimator(truth: Mapping[str, Any], prediction: Mapping[str, Any], *, rates: Sequence[float]) -> Estimator:
    """Exams are drawn with all their lesions and candidates."""
    number = {exam: index for index, exam in enumerate(truth["cases"])}
    best, false = _matched(truth, prediction)
    confidence = np.asarray(prediction["confidence"], np.float64)[false]
    falling = np.argsort(-confidence, kind="stable")
    alarm_exam = np.array([number[exam] for exam in np.asarray(prediction["case"])[false][falling].tolist()], int)
    hit_lesions = np.flatnonzero(best > -np.inf)
    hit_lesions = hit_lesions[np.argsort(-best[hit_lesions], kind="stable")]
    lesion_exam = np.array([number[exam] for exam in np.asarray(truth["case"]).tolist()], int)
    # For each alarm, how many lesions are found above it; all of them when every alarm is let pass.
    above = np.append(np.searchsorted(-best[hit_lesions], -confidence[falling], "left"), len(hit_lesions))

    def weighted(counts: Floats) -> Floats:
        up_to = np.cumsum(counts[:, alarm_exam], axis=1)
        hits = np.cumsum(np.pad(counts[:, lesion_exam[hit_lesions]], ((0, 0), (1, 0))), axis=1)
        lesions, exams = counts[:, lesion_exam].sum(axis=1), counts.sum(axis=1)
        shares = []
        for rate in rates:
            passed = (up_to <= np.floor(rate * exams + 1e-9)[:, None]).sum(axis=1)
            shares.append(ratio(hits[np.arange(len(counts)), above[passed]], lesions))
        means: Floats = np.mean(shares, axis=0)
        return means

    return weighted


def _sensitivity(best: np.ndarray, alarms: np.ndarray, allowed: float) -> float:
    """Share of lesions found above the lowest threshold that lets at most `allowed` false positives pass."""
    number = int(np.floor(allowed + 1e-9))
    if number >= len(alarms):
        return float(np.mean(best > -np.inf))
    return float(np.mean(best > alarms[number]))


METRIC = Metric(
    name="froc",
    title=gettext_noop("FROC score"),
    summary=gettext_noop("Share of lesions detected, averaged over the allowed numbers of false positives per exam."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="detections",
    over="set",
    function=froc,
    truth_reason=_reason,
    truth_fault=True,
    resample=Resample("weighted", estimator=_estimator),
    policy=Policy(
        one_class=gettext_noop("No lesion in any exam: undefined (null), a fault of the truth."),
        missing=gettext_noop(
            "An exam without candidates counts as having missed all its lesions; a missing number makes the "
            "score undefined (null)."
        ),
    ),
    source="Bunch et al. 1978; Setio et al. 2017 (LUNA16)",
    parameters=(
        MetricParameter("rates", RATES, gettext_noop("False positives per exam at which sensitivity is measured.")),
    ),
)

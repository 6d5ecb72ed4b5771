"""Absolute, relative and capped differences of one measurement, the same rule for volumes and diameters."""

from concours.metrics.basis.contract import MetricParameter, MetricValue, gettext_noop

RELATIVE = MetricParameter(
    "relative",
    False,
    gettext_noop("Divide the difference by the reference measurement."),
    choices=(False, True),
    drops_unit=True,
)
CAP = MetricParameter(
    "cap", None, gettext_noop("Largest value counted for one case; empty for no limit."), caps_range=True
)


def difference(truth: float, prediction: float, *, relative: bool, cap: float | None) -> MetricValue:
    """`|p-t|`, or `|p-t|/t` when relative, at most `cap`.

    A relative error to a truth of 0 is 0 when the prediction is 0 too, `cap` otherwise, and undefined without a cap.
    """
    details = {"truth": truth, "prediction": prediction}
    error = abs(prediction - truth)
    if relative:
        if truth > 0:
            error /= truth
        elif prediction > 0:
            return MetricValue.undefined("empty_truth", **details) if cap is None else MetricValue(cap, details=details)
    return MetricValue(error if cap is None else min(error, cap), details=details)

"""Absolute, relative and capped differences of one measurement, the same rule for volumes and diameters."""

from metrics.basis.contract import Parameter, Score, gettext_noop

RELATIVE = Parameter(
    "relative", False, gettext_noop("Divide the difference by the truth's measurement."), choices=(False, True)
)
CAP = Parameter("cap", None, gettext_noop("Largest value that one case can count; empty for none."))


def difference(truth: float, prediction: float, *, relative: bool, cap: float | None) -> Score:
    """`|p-t|`, or `|p-t|/t` when relative, at most `cap`.

    A relative error to a truth of 0 is 0 when the prediction is 0 too, `cap` otherwise, and undefined without a cap.
    """
    details = {"truth": truth, "prediction": prediction}
    error = abs(prediction - truth)
    if relative:
        if truth > 0:
            error /= truth
        elif prediction > 0:
            return Score.undefined("empty_truth", **details) if cap is None else Score(cap, details=details)
    return Score(error if cap is None else min(error, cap), details=details)

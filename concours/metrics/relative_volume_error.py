"""Difference of two volumes over the truth's."""

from concours.metrics.basis.contract import Metric, MetricParameter, MetricValue, Policy, gettext_noop
from concours.metrics.basis.errors import CAP, difference
from concours.metrics.basis.region import Region


def relative_volume_error(truth: Region, prediction: Region, *, cap: float | None) -> MetricValue:
    """`|Vp-Vt| / Vt`, a ratio, at most `cap` (1 in the PSCC kit; None for no cap).

    Both empty 0; prediction empty 1; truth empty and prediction not: `cap`, undefined (`empty_truth`) without one.
    """
    return difference(truth.volume, prediction.volume, relative=True, cap=cap)


METRIC = Metric(
    name="relative_volume_error",
    title=gettext_noop("Relative volume error"),
    summary=gettext_noop("Absolute difference between the volumes divided by the reference volume, capped."),
    direction="lower",
    unit="",
    range=(0.0, float("inf")),
    worst=1.0,
    shape="mask",
    over="case",
    function=relative_volume_error,
    policy=Policy(
        both_empty=gettext_noop("Both masks empty: 0."),
        one_empty=gettext_noop("Prediction empty: 1. Reference empty: the cap, or undefined (null) without a cap."),
        missing=gettext_noop("A missing mask counts as 1."),
    ),
    parameters=(MetricParameter("cap", 1.0, CAP.description),),
)

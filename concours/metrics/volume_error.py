"""Absolute difference of two volumes."""

from concours.metrics.basis.contract import Metric, MetricValue, Policy, gettext_noop
from concours.metrics.basis.errors import CAP, difference
from concours.metrics.basis.region import Region


def volume_error(truth: Region, prediction: Region, *, cap: float | None) -> MetricValue:
    """`|Vp-Vt|` in mm3, at most `cap`; both empty 0, prediction empty the truth's volume."""
    return difference(truth.volume, prediction.volume, relative=False, cap=cap)


METRIC = Metric(
    name="volume_error",
    title=gettext_noop("Volume error"),
    summary=gettext_noop("Absolute difference between the volumes of the two masks."),
    direction="lower",
    unit="mm3",
    range=(0.0, float("inf")),
    worst=None,
    shape="mask",
    over="case",
    function=volume_error,
    policy=Policy(
        both_empty=gettext_noop("Both masks empty: 0."),
        one_empty=gettext_noop("One mask empty: the volume of the other."),
        missing=gettext_noop("A missing mask makes the score undefined (null)."),
    ),
    parameters=(CAP,),
)

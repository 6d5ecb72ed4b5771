"""Error on the RECIST maximal diameter."""

from concours.metrics.basis.contract import Metric, MetricValue, Policy, gettext_noop
from concours.metrics.basis.diameters import RECIST, Definition, recist_diameter
from concours.metrics.basis.errors import CAP, RELATIVE, difference
from concours.metrics.basis.region import Region


def recist_error(
    truth: Region, prediction: Region, *, recist: Definition, relative: bool, cap: float | None
) -> MetricValue:
    """`|dp-dt|` in mm, or over `dt` when relative, at most `cap`; both empty 0, prediction empty the truth's diameter.

    A relative error to a diameter of 0 (empty truth) is `cap`, undefined (`empty_truth`) without one.
    """
    measured = (recist_diameter(truth, recist), recist_diameter(prediction, recist))
    return difference(*measured, relative=relative, cap=cap)


METRIC = Metric(
    name="recist_error",
    title=gettext_noop("Error on the RECIST diameter"),
    summary=gettext_noop("Absolute difference between the maximal diameters of the two masks."),
    direction="lower",
    unit="mm",
    range=(0.0, float("inf")),
    worst=None,
    shape="mask",
    over="case",
    function=recist_error,
    policy=Policy(
        both_empty=gettext_noop("Both masks empty: 0."),
        one_empty=gettext_noop(
            "One mask empty: the diameter of the other (relative: 1, or the cap when the reference is empty)."
        ),
        missing=gettext_noop("A missing mask makes the score undefined (null)."),
    ),
    source="PSCC-IPPMed 2023",
    parameters=(RECIST, RELATIVE, CAP),
)

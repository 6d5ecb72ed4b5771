"""RECIST maximal diameter of a mask: a measurement, which nobody is ranked on."""

from concours.metrics.basis.contract import Metric, MetricValue, Policy, gettext_noop
from concours.metrics.basis.diameters import RECIST, Definition, recist_diameter
from concours.metrics.basis.region import Region


def measure(region: Region, *, recist: Definition = "d2_center") -> float:
    """Maximal diameter in mm under the definition; 0 when empty (Eisenhauer 2009: longest axial diameter)."""
    return recist_diameter(region, recist)


def recist(truth: Region, prediction: Region, *, recist: Definition) -> MetricValue:
    """Maximal diameter of the prediction, mm; the truth's stands in the details."""
    return MetricValue(measure(prediction, recist=recist), details={"truth": measure(truth, recist=recist)})


METRIC = Metric(
    name="recist",
    title=gettext_noop("RECIST maximal diameter"),
    summary=gettext_noop("Largest diameter of the submitted mask. A measurement, not a score."),
    direction="none",
    unit="mm",
    range=(0.0, float("inf")),
    worst=None,
    shape="mask",
    over="case",
    function=recist,
    policy=Policy(
        both_empty=gettext_noop("An empty mask has the diameter 0."),
        one_empty=gettext_noop("An empty mask has the diameter 0."),
        missing=gettext_noop("A missing mask has no diameter (null)."),
    ),
    source="Eisenhauer et al. 2009 (RECIST 1.1)",
    parameters=(RECIST,),
    measure=measure,
    also_called=("diameter",),
)

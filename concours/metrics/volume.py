"""Volume of a mask: a measurement, which nobody is ranked on."""

from concours.metrics.basis.contract import Metric, MetricValue, Policy, gettext_noop
from concours.metrics.basis.region import Region


def measure(region: Region) -> float:
    """Voxels inside times the size of a voxel, mm3 (mm2 for a 2D mask); 0 when empty."""
    return region.volume


def volume(truth: Region, prediction: Region) -> MetricValue:
    """Volume of the prediction, mm3; the truth's stands in the details."""
    return MetricValue(measure(prediction), details={"truth": measure(truth)})


METRIC = Metric(
    name="volume",
    title=gettext_noop("Volume"),
    summary=gettext_noop("Volume of the submitted mask: its voxels times the size of one. A measurement, not a score."),
    direction="none",
    unit="mm3",
    range=(0.0, float("inf")),
    worst=None,
    shape="mask",
    over="case",
    function=volume,
    policy=Policy(
        both_empty=gettext_noop("An empty mask has the volume 0."),
        one_empty=gettext_noop("An empty mask has the volume 0."),
        missing=gettext_noop("A missing mask has no volume (null)."),
    ),
    measure=measure,
)

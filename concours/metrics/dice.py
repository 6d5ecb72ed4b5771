"""Dice similarity coefficient of two masks."""

from concours.metrics.basis.contract import Metric, Policy, gettext_noop
from concours.metrics.basis.region import Region, overlap


def dice(truth: Region, prediction: Region) -> float:
    """`2|A∩B| / (|A|+|B|)` in voxels, 0 to 1 (Dice 1945); both empty 1, one empty 0. ValueError on other shapes."""
    shared = overlap(truth, prediction)
    together = truth.count + prediction.count
    return 2 * shared / together if together else 1.0


METRIC = Metric(
    name="dice",
    title=gettext_noop("Dice coefficient"),
    summary=gettext_noop("Twice the shared voxels over the voxels of both masks together."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="mask",
    over="case",
    function=dice,
    policy=Policy(
        both_empty=gettext_noop("Both masks empty: 1."),
        one_empty=gettext_noop("One mask empty: 0."),
        missing=gettext_noop("A missing mask counts as the worst value, 0."),
    ),
    source="Dice 1945",
    also_called=("dsc",),
)

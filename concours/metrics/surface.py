"""Surface in mm² of a 2D mask: a measurement, which nobody is ranked on."""

import numpy as np

from concours.metrics.basis.contract import Metric, MetricValue, Policy, gettext_noop
from concours.metrics.basis.region import Region


def measure(region: Region) -> float | None:
    """Pixels inside times the size of a pixel, mm2; 0 when empty.

    A 3D mask has one where its voxels all lie in one axial slice; None otherwise (sum of slices is not a surface).
    """
    axis = region.axial_axis
    if axis is None:
        return region.volume
    if region.box is not None and region.box[axis].stop - region.box[axis].start > 1:
        return None
    pixel = float(np.prod([step for other, step in enumerate(region.spacing) if other != axis]))
    return region.count * pixel


def surface(truth: Region, prediction: Region) -> MetricValue:
    """Surface of the prediction, mm2; the truth's stands in the details; undefined (`wrong_shape`) over slices."""
    measured = measure(prediction)
    details = {"truth": measure(truth)}
    return (
        MetricValue.undefined("wrong_shape", **details) if measured is None else MetricValue(measured, details=details)
    )


METRIC = Metric(
    name="surface",
    title=gettext_noop("Surface"),
    summary=gettext_noop(
        "Surface of the submitted 2D mask: its pixels times the size of one. A measurement, not a score."
    ),
    direction="none",
    unit="mm2",
    range=(0.0, float("inf")),
    worst=None,
    shape="mask",
    over="case",
    function=surface,
    policy=Policy(
        both_empty=gettext_noop("An empty mask has the surface 0."),
        one_empty=gettext_noop("An empty mask has the surface 0."),
        missing=gettext_noop("A missing mask has no surface (null)."),
        undefined=gettext_noop("A mask over several axial slices has no surface (null)."),
    ),
    measure=measure,
)

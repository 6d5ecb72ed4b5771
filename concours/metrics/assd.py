"""Average symmetric surface distance of two masks."""

from concours.metrics.basis.contract import Metric, MetricParameter, gettext_noop
from concours.metrics.basis.region import Region
from concours.metrics.basis.surface_distance import POLICY, surface_distances


def assd(truth: Region, prediction: Region, *, definition: str) -> float:
    """Mean distance between surfaces, mm.

    `pooled`: sum of all distances both ways over the number of surface voxels of both masks (Heimann 2009, ASSD; MONAI
    symmetric average surface distance). `mean_of_means`: half the sum of the two directed means (average Hausdorff
    distance). Both empty 0, one empty the diagonal.
    """
    distances = surface_distances(truth, prediction)
    if isinstance(distances, float):
        return distances
    there, back = distances.from_truth, distances.from_prediction
    if definition == "mean_of_means":
        return float(there.mean() + back.mean()) / 2
    return float(there.sum() + back.sum()) / (len(there) + len(back))


METRIC = Metric(
    name="assd",
    title=gettext_noop("Average symmetric surface distance"),
    summary=gettext_noop("Mean distance from the surface of each mask to the surface of the other."),
    direction="lower",
    unit="mm",
    range=(0.0, float("inf")),
    worst="diagonal",
    shape="mask",
    over="case",
    function=assd,
    policy=POLICY,
    source="Heimann et al. 2009",
    parameters=(
        MetricParameter(
            "definition",
            "pooled",
            gettext_noop("pooled: over all surface voxels; mean_of_means: the average Hausdorff distance."),
            choices=("pooled", "mean_of_means"),
        ),
    ),
    also_called=("average_hausdorff",),
)

"""Golden values of the sample set: what other people's software computed on the same files."""

import csv
from pathlib import Path

import nibabel
import numpy as np
import pytest
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist

from concours import metrics
from concours.metrics import Region
from concours.metrics.basis.diameters import recist_diameter
from tests.presence import sample_dir

SAMPLE = sample_dir()
MASKS = ("cases/ct_lung_nodule/mask.nii.gz", "cases/mr_brain_tumour/mask.nii.gz")
TEAMS = [f"cases/classification_wdbc/pred_team_{letter}.csv" for letter in "abc"]

pytestmark = [
    pytest.mark.sample,
    pytest.mark.skipif(not (SAMPLE / "golden.csv").is_file(), reason="SAMPLE_DIR holds no golden.csv"),
]


def golden() -> dict[tuple[str, str], float]:
    with (SAMPLE / "golden.csv").open(newline="") as stream:
        return {(row["input"], row["metric"]): float(row["value"]) for row in csv.DictReader(stream)}


def column(path: Path) -> dict[str, float]:
    with path.open(newline="") as stream:
        return {row[0]: float(row[1]) for row in list(csv.reader(stream))[1:]}


def region(name: str) -> Region:
    image = nibabel.load(SAMPLE / name)
    spacing = tuple(float(step) for step in image.header.get_zooms()[:3])
    return Region(np.asarray(image.dataobj), spacing, affine=image.affine)


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "brier"])
@pytest.mark.parametrize("team", TEAMS)
def test_classification(team: str, name: str) -> None:
    truth, prediction = column(SAMPLE / "cases/classification_wdbc/truth.csv"), column(SAMPLE / team)
    ids = sorted(truth)
    score = metrics.find(name)([truth[case] for case in ids], [prediction[case] for case in ids])
    assert score.value == pytest.approx(golden()[team, name], abs=1e-12)


@pytest.mark.parametrize("mask", MASKS)
def test_voxel_volume(mask: str) -> None:
    assert metrics.find("volume").measure(region(mask)) == pytest.approx(golden()[mask, "VoxelVolume"], rel=1e-6)


def mesh(whole: Region) -> np.ndarray:
    """The vertices of pyradiomics' mesh, mm: the midpoints between a voxel and its face neighbour outside."""
    padded = np.pad(whole.array, 1)
    middles = []
    for axis in range(3):
        change = np.argwhere(np.diff(padded.astype(np.int8), axis=axis)).astype(float)
        change[:, axis] += 0.5
        middles.append(change)
    return np.concatenate(middles) * whole.spacing


def widest(points: np.ndarray) -> float:
    return float(pdist(points[ConvexHull(points).vertices]).max())


@pytest.mark.parametrize("mask", MASKS)
def test_maximal_3d_diameter_lies_on_both_sides_of_the_mesh(mask: str) -> None:
    """Their mesh runs half way between the voxel centres inside and outside: between our two definitions."""
    whole, expected = region(mask), golden()[mask, "Maximum3DDiameter"]
    assert recist_diameter(whole, "d3_center") < expected < recist_diameter(whole, "d3_edge")
    assert widest(mesh(whole)) == pytest.approx(expected, rel=1e-6)
    corners = np.concatenate([np.argwhere(whole.array) + np.array(side) - 0.5 for side in np.ndindex(2, 2, 2)])
    assert widest(corners * whole.spacing) == pytest.approx(recist_diameter(whole, "d3_edge"))


@pytest.mark.parametrize("mask", MASKS)
def test_maximal_diameter_of_slices_and_of_the_planes_between_them(mask: str) -> None:
    """Theirs also looks at the planes half way between two slices, where voxels of both stand; ours at slices alone."""
    whole, expected = region(mask), golden()[mask, "Maximum2DDiameterSlice"]
    points = mesh(whole)
    heights = np.round(points[:, 2] / whole.spacing[2] * 2).astype(int)  # counted with the padding: slices are even
    planes = {height: widest(points[heights == height, :2]) for height in np.unique(heights)}
    assert max(planes.values()) == pytest.approx(expected, rel=1e-6)
    inside = max(width for height, width in planes.items() if height % 2 == 0)
    assert recist_diameter(whole, "d2_center") < inside < recist_diameter(whole, "d2_edge")


def test_overlapping_model_outputs_as_plain_arrays() -> None:
    muscle, part = (region(f"cases/ct_lumbar_muscle/{name}.nii.gz") for name in ("skeletal_muscle", "psoas_autochthon"))
    left, right = muscle.array, part.array
    expected = 2 * np.sum(left & right) / (left.sum() + right.sum())
    assert metrics.find("dice")(muscle, part).value == pytest.approx(expected)
    assert (muscle.count, part.count) == (35293, 14455)


@pytest.mark.parametrize("kind", ["matched", "unmatched"])
def test_spine_instances_as_pairs_of_labels(kind: str) -> None:
    truth, prediction = (
        np.asarray(nibabel.load(SAMPLE / f"cases/mr_spine_pred_ref/{kind}_instance_{side}.nii.gz").dataobj).astype(int)
        for side in ("ref", "pred")
    )
    overlaps = []
    for label in set(np.unique(truth)) - {0}:
        inside = truth == label
        for other in set(np.unique(prediction[inside])) - {0}:
            result = prediction == other
            shared = np.sum(inside & result) / np.sum(inside | result)
            overlaps += [shared] if shared > 0.5 else []
    sizes = [len(set(np.unique(side)) - {0}) for side in (truth, prediction)]
    score = metrics.find("panoptic_quality")(truth, prediction)
    assert score.value == pytest.approx(2 * sum(overlaps) / sum(sizes))
    assert score.details["found"] == len(overlaps) > 10

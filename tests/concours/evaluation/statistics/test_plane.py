"""The t-SNE plane: seeded, keeps neighbourhoods, survives few points; which points are drawn."""

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from concours.evaluation.statistics.plane import choose_points, tsne_plane

RNG = np.random.default_rng(1)
CLOUDS = np.concatenate([RNG.normal(size=(40, 20)), RNG.normal(5, 1, (40, 20))])


def test_the_same_seed_gives_the_same_plane_and_neighbours_stay_neighbours():
    first = tsne_plane(CLOUDS, seed=3, perplexity=10)
    assert first.shape == (80, 2)
    assert np.array_equal(first, tsne_plane(CLOUDS, seed=3, perplexity=10))
    assert trustworthiness(CLOUDS, first, n_neighbors=5) > 0.8
    gap = np.linalg.norm(first[:40].mean(axis=0) - first[40:].mean(axis=0))
    assert gap > first[:40].std()


@pytest.mark.parametrize("points", [0, 1, 2, 3, 5])
def test_few_points_are_placed_too(points):
    tsne_plane_result = tsne_plane(CLOUDS[:points], seed=1)
    assert tsne_plane_result.shape == (points, 2)
    assert np.isfinite(tsne_plane_result).all()


def test_undefined_embeddings_are_refused():
    with pytest.raises(ValueError, match="finite"):
        tsne_plane(np.array([[np.nan, 1.0]]))


def test_points_are_chosen_by_source_and_the_jurys_are_always_kept():
    source = np.repeat([0, 1, 2], [10, 100, 3])
    chosen = choose_points(source, always=[20, 30, 40], most=5, seed=2)
    assert np.bincount(source[chosen]).tolist() == [5, 5, 3]
    assert {20, 30, 40} <= set(chosen.tolist())
    assert np.array_equal(chosen, choose_points(source, always=[40, 30, 20], most=5, seed=2))
    assert len(choose_points(source, always=[20, 30, 40], most=2, seed=2)) == 2 + 3 + 2

"""A t-SNE plane of embeddings of real and generated cases, seeded (van der Maaten and Hinton 2008)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

COMPONENTS = 50  # as the authors advise: t-SNE of the first principal components


def tsne_plane(embeddings: NDArray[np.float64], seed: int = 0, perplexity: float = 30.0) -> NDArray[np.float64]:
    """Positions (n, 2) of embeddings (n, d); perplexity is lowered for few points. The same seed gives the same plane.

    Fewer than four points have no neighbourhoods to keep: they are put on their first two principal components.
    """
    points = np.asarray(embeddings, dtype=np.float64)
    if not np.all(np.isfinite(points)):
        raise ValueError("Embeddings must be finite.")
    if len(points) < 2:
        return np.zeros((len(points), 2))
    # One thread: sums in parallel differ in the last bit, which t-SNE magnifies.
    with threadpool_limits(limits=1):
        main = PCA(min(COMPONENTS, *points.shape), svd_solver="full").fit_transform(points)
        if len(points) < 4:
            return np.pad(main, ((0, 0), (0, 2)))[:, :2]
        near = min(perplexity, (len(points) - 1) / 3)
        flat = TSNE(perplexity=near, init="pca" if main.shape[1] > 1 else "random", random_state=seed, n_jobs=1)
        placed: NDArray[np.float64] = flat.fit_transform(main).astype(np.float64)
        return placed


def choose_points(source: Sequence[int], always: Sequence[int], most: int, seed: int = 0) -> NDArray[np.int64]:
    """Sorted indices of at most `most` points of each source (0 the real cases, 1 ... the contestants), drawn by seed.

    `always` (the jury's cases) are kept whatever `most` says.
    """
    rng = np.random.default_rng(seed)
    sources: NDArray[np.int64] = np.asarray(source, dtype=np.int64)
    chosen = set(_whole(always))
    for label in np.unique(sources):
        members = rng.permutation(np.flatnonzero(sources == label))
        chosen_of_source = sum(1 for index in chosen if sources[index] == label)
        others = [index for index in members.tolist() if index not in chosen]
        chosen.update(others[: max(0, most - chosen_of_source)])
    return np.array(sorted(chosen), dtype=np.int64)


def _whole(indices: ArrayLike) -> list[int]:
    return [int(index) for index in np.asarray(indices).ravel()]

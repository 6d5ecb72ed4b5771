"""Which generated cases stand for a contestant: the one nearest each centre of K-means (SFR 2021, 10 clusters). Plain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans


def nearest_to_centres(embeddings: NDArray[np.float64], clusters: int, seed: int) -> list[int]:
    """Indices into `embeddings` (n, d), one a cluster, all different; fewer where n is less than `clusters`."""
    count = min(clusters, len(np.unique(embeddings, axis=0)))
    if count == 0:
        return []
    fitted = KMeans(n_clusters=count, n_init=10, random_state=seed).fit(embeddings)
    distances = np.linalg.norm(embeddings[:, None, :] - fitted.cluster_centers_[None], axis=2)
    nearest = []
    for cluster in range(count):
        members = np.flatnonzero(fitted.labels_ == cluster)
        nearest.append(int(members[np.argmin(distances[members, cluster])]))
    return nearest

"""Groups of teams that the tests cannot tell apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def tie_groups(order: Sequence[int], adjusted: NDArray[np.float64], alpha: float = 0.05) -> list[list[int]]:
    """Partition of teams, best group first: a group holds its best team and the next ones not significantly different
    from it.

    order: indices of teams, best first. adjusted: (t, t) corrected p. The first team that differs significantly from
    the head of the group (p < alpha) opens the next one. An undefined p separates nobody. "Not told apart" is not
    "equal": two neighbours in different groups may differ less than two of one group.
    """
    groups: list[list[int]] = []
    for team in order:
        if groups and not adjusted[groups[-1][0], team] < alpha:
            groups[-1].append(team)
        else:
            groups.append([team])
    return groups

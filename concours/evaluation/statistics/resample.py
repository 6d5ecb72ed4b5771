"""Seeded bootstrap samples of cases as counts: how often each case was drawn, one row a replicate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

BLOCK = 2**17  # counts worked on at a time: 1 MB, which stays in the processor's cache and in memory already touched
ROWS = 64  # but no fewer replicates than this at a time
KEPT = 2**23  # draws of at most this size are kept: a board asks for the same ones again at every metric

Counts = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.uint32]


class ResamplingError(ValueError):
    """A resampling that cannot be drawn from these cases."""


@dataclass(frozen=True)
class Resampling:
    """How `cases` cases are drawn again: with replacement, whole groups together, each stratum keeping its size.

    `groups` and `strata` hold one integer a case, or are empty. A group is a patient with several exams: its cases are
    drawn together (cluster bootstrap). A stratum is a class of the truth, so that no replicate lacks a class. All cases
    of a group must be of one stratum (ResamplingError). The same seed gives the same counts.
    """

    cases: int
    replicates: int = 1000
    seed: int = 0
    strata: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.cases < 1 or self.replicates < 1:
            raise ResamplingError("At least one case and one replicate are needed.")
        for name, labels in (("strata", self.strata), ("groups", self.groups)):
            if labels and len(labels) != self.cases:
                raise ResamplingError(f"'{name}' must hold one label a case: {len(labels)} for {self.cases} cases.")

    @classmethod
    def of(
        cls,
        cases: int,
        replicates: int = 1000,
        seed: int = 0,
        strata: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Resampling:
        """A resampling with strata and groups given as any array of labels."""
        return cls(cases, replicates, seed, _codes(strata), _codes(groups))

    @property
    def one_size(self) -> bool:
        """Whether every replicate holds as many cases as there are: groups of several sizes make it more or fewer."""
        return not self.groups

    @property
    def most(self) -> int:
        """At least as many cases as any replicate holds: all units of a stratum may be its largest group."""
        members, owner = _units(self)
        if owner is None:
            return self.cases
        sizes = np.bincount(owner)
        return int(sum(len(stratum) * sizes[stratum].max() for stratum in members))

    def blocks(self) -> Iterator[NDArray[np.float64]]:
        """Counts in blocks of replicates, each (b, cases); whole numbers as float64, ready for a matrix product.

        A block is good until the next one is asked for, which is written over it.
        """
        drawn = _kept(self) if self.cases * self.replicates <= KEPT else _draw(self)
        wide: NDArray[np.float64] | None = None
        for block in drawn:
            if wide is None:
                wide = np.empty(block.shape)
            here = wide[: len(block)]
            np.copyto(here, block)
            yield here


def counts(resampling: Resampling) -> NDArray[np.float64]:
    """All counts at once, (replicates, cases): for small sets and tests."""
    return np.concatenate([block.copy() for block in resampling.blocks()])


@lru_cache(maxsize=8)
def _kept(resampling: Resampling) -> tuple[Counts, ...]:
    return tuple(_draw(resampling))


def _draw(resampling: Resampling) -> Iterator[Counts]:
    rng = np.random.default_rng(resampling.seed)
    members, owner = _units(resampling)
    units = sum(len(stratum) for stratum in members)
    rows = min(max(ROWS, BLOCK // resampling.cases), resampling.replicates)
    # Written over by every block: touching fresh memory costs as much as drawing.
    drawn = np.empty((rows, units), dtype=np.int32)
    once = np.ones(rows * units, dtype=_narrowest(units))
    starts = np.arange(0, rows * units + 1, units, dtype=np.int32)
    for start in range(0, resampling.replicates, rows):
        size = min(rows, resampling.replicates - start)
        _draw_rows(rng, members, drawn[:size])
        # A histogram of every row. A sparse matrix adds duplicates up when made dense: a third of np.bincount's time.
        sparse = csr_array((once[: size * units], drawn[:size].ravel(), starts[: size + 1]), shape=(size, units))
        block = sparse.toarray()
        yield block if owner is None else block[:, owner]


def _units(resampling: Resampling) -> tuple[list[NDArray[np.int32]], NDArray[np.int64] | None]:
    """Units that are drawn, by stratum, and the unit of each case (None: each case is its own)."""
    if not resampling.strata and not resampling.groups:
        return [np.arange(resampling.cases, dtype=np.int32)], None
    strata = np.array(resampling.strata or (0,) * resampling.cases, dtype=np.int64)
    if not resampling.groups:
        return _by_stratum(strata), None
    _, first, owner = np.unique(np.array(resampling.groups, dtype=np.int64), return_index=True, return_inverse=True)
    of_unit = strata[first]
    if not np.array_equal(of_unit[owner], strata):
        raise ResamplingError("A group holds cases of two strata; draw by group or by stratum.")
    return _by_stratum(of_unit), owner


def _by_stratum(strata: NDArray[np.int64]) -> list[NDArray[np.int32]]:
    return [np.flatnonzero(strata == label).astype(np.int32) for label in np.unique(strata)]


def _draw_rows(rng: np.random.Generator, members: list[NDArray[np.int32]], drawn: NDArray[np.int32]) -> None:
    """As many units of every stratum as it has, with replacement, into the columns of `drawn`."""
    column = 0
    for stratum in members:
        narrow = np.uint16 if len(stratum) < 2**16 else np.uint32  # drawing 16 bits takes half the time of 64
        places = rng.integers(0, len(stratum), (len(drawn), len(stratum)), dtype=narrow)
        into = drawn[:, column : column + len(stratum)]
        if len(members) == 1:
            np.copyto(into, places)  # the only stratum holds all units in order
        else:
            into[...] = stratum[places]
        column += len(stratum)


def _narrowest(draws: int) -> type[np.unsignedinteger[Any]]:
    """The type that holds one unit drawn every time."""
    return np.uint8 if draws < 2**8 else np.uint16 if draws < 2**16 else np.uint32


def _codes(labels: ArrayLike | None) -> tuple[int, ...]:
    if labels is None:
        return ()
    return tuple(np.unique(np.asarray(labels), return_inverse=True)[1].ravel().tolist())

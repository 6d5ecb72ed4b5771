"""Several stacks within one series UID: each is found again, whatever the order; one stack is left whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concours.study.joining import SlicePiece
from concours.study.splitting import ACQUISITION, split

PLANES = {
    "axial": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    "coronal": (1.0, 0.0, 0.0, 0.0, 0.0, -1.0),
    "sagittal": (0.0, 1.0, 0.0, 0.0, 0.0, -1.0),
    "oblique": (1.0, 0.0, 0.0, 0.0, 0.8, 0.6),
}


def stack(
    name: str, count: int, plane: str = "axial", step: float = 2.0, grid: str = "64", **acquisition: str
) -> list[SlicePiece]:
    cosines = np.array(PLANES[plane])
    normal = np.cross(cosines[:3], cosines[3:])
    noise = np.random.default_rng(len(name) + count)
    return [
        SlicePiece(
            f"{name}/{k:03d}", "1.2", 1, tuple((normal * step * k).tolist()),
            tuple((cosines + noise.uniform(-1e-3, 1e-3, 6)).tolist()), (), "1", (grid, grid, "1\\1"), acquisition,
        )
        for k in range(count)
    ]  # fmt: skip


def names(stacks: list[list[SlicePiece]]) -> set[frozenset[str]]:
    return {frozenset(piece.file for piece in group) for group in stacks}


@given(
    planes=st.lists(st.sampled_from(sorted(PLANES)), min_size=1, max_size=3, unique=True),
    values=st.integers(1, 4),
    attribute=st.sampled_from(ACQUISITION),
    count=st.integers(4, 9),
    localiser=st.integers(0, 3),
    order=st.randoms(use_true_random=False),
)
def test_stacks_of_planes_and_acquisitions_are_found_again(
    planes: list[str], values: int, attribute: str, count: int, localiser: int, order: Any
) -> None:
    meant = [stack(f"{plane}{n}", count, plane, **{attribute: str(n)}) for plane in planes for n in range(values)]
    lines = stack("lines", localiser, "coronal", grid="512")
    pieces = [piece for group in meant for piece in group] + lines
    order.shuffle(pieces)
    result = split(pieces)
    if len(meant) == 1 and (not lines or len(pieces) < 8):
        assert names(result) == names([pieces])  # nothing to tell apart, or too little
    else:
        assert names(result) == names(meant)


@given(attribute=st.sampled_from(ACQUISITION), count=st.integers(8, 30), order=st.randoms(use_true_random=False))
def test_one_stack_stays_whole_whatever_its_headers_say(attribute: str, count: int, order: Any) -> None:
    pieces = [replace(piece, acquisition={attribute: str(n % 3)}) for n, piece in enumerate(stack("s", count))]
    order.shuffle(pieces)
    assert [len(group) for group in split(pieces)] == [count]


@pytest.mark.parametrize("count", [4, 20])
def test_copies_that_nothing_tells_apart_are_not_split(count: int) -> None:
    assert [len(group) for group in split(stack("a", count) + stack("b", count))] == [2 * count]


def test_attributes_are_taken_together_where_one_does_not_suffice() -> None:
    four = [stack(f"{e}{b}", 5, EchoTime=e, DiffusionBValue=b) for e in ("60", "90") for b in ("0", "1000")]
    assert names(split([piece for group in four for piece in group])) == names(four)


def test_a_three_plane_localiser_and_frames_without_positions_stay_whole() -> None:
    lines = [piece for plane in ("axial", "coronal", "sagittal") for piece in stack(plane, 3, plane)]
    assert len(split(lines)) == 1
    unplaced = [replace(piece, position=None) for piece in stack("a", 9)]
    assert len(split(unplaced)) == 1
    assert len(split([replace(piece, frames=20) for piece in stack("a", 9)])) == 1

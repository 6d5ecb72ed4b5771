"""Near copies have near hashes, different exams do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concours.inclusion.exam.perceptual import BITS, NEAR, hash_distance, perceptual_hash, thumbnail
from tests.concours.inclusion.phantoms import body


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), gain=st.floats(0.2, 5), offset=st.floats(-2000, 2000), count=st.sampled_from([1, 8]))
def test_gain_offset_and_noise_do_not_matter(seed: int, gain: float, offset: float, count: int) -> None:
    volume = body(count, seed=seed)
    noise = np.random.default_rng(seed).normal(0, 10, volume.shape)
    assert hash_distance(perceptual_hash(volume), perceptual_hash((volume + noise) * gain + offset)) <= NEAR


@pytest.mark.parametrize("count", [1, 8])
def test_different_bodies_are_told_apart(count: int) -> None:
    hashes = [perceptual_hash(body(count, seed=seed)) for seed in range(12)]
    distances = [hash_distance(a, b) for n, a in enumerate(hashes) for b in hashes[:n]]
    assert np.median(distances) > NEAR
    assert perceptual_hash(body(count)) == hashes[0]


def test_resampling_does_not_matter() -> None:
    volume = body(8, side=128)
    assert (
        hash_distance(perceptual_hash(volume), perceptual_hash((volume[:, ::2, ::2] + volume[:, 1::2, 1::2]) / 2))
        <= NEAR
    )


def test_distance_is_a_metric_on_bits() -> None:
    assert hash_distance(0, 2**BITS - 1) == BITS
    assert hash_distance(5, 5) == 0


def test_thumbnail_is_the_area_mean() -> None:
    image = np.random.default_rng(0).normal(size=(64, 96))
    assert np.allclose(thumbnail(image), image.reshape(32, 2, 32, 3).mean(axis=(1, 3)))
    assert thumbnail(np.ones((5, 7))).shape == (32, 32)


def test_an_empty_volume_has_no_hash() -> None:
    with pytest.raises(ValueError, match="slices"):
        perceptual_hash(np.zeros((0, 4, 4)))

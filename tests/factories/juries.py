"""A question with a jury: two teams whose ten generated cases are scored, three of each chosen for the jurors."""

from __future__ import annotations

import io

import numpy as np

from challenges.models import Challenge, Question
from scoring.jury import open_jury
from tests.factories.exams import frozen_batches, kept_exam, square, work_all
from tests.factories.people import person, team_in
from tests.factories.questions import question
from tests.factories.submissions import sent, zipped

IMAGES = ("arterial", "portal", "t2")
CRITERIA = ("liver", "tumour", "enhancement", "necrosis", "consistency")
SMALL = {
    "split": {"sets": {"batch-1": 2, "batch-2": 2, "batch-3": 2}},
    "submission": {"generated": {"cases": 10, "minimum": 6}},
    "metrics": {"diversity": {"params": {"batches": 1, "batch_size": 6, "repeats": 2}}},
    "jury": {"jurors": 2, "cases": 3},
}


def generated(rng: np.random.Generator, count: int) -> bytes:
    """Cases of three noisy images (16 x 20)."""
    files = {}
    for number in range(count):
        buffer = io.BytesIO()
        np.save(buffer, rng.random((3, 16, 20)).astype(np.float32))
        files[f"g{number:03d}.npy"] = buffer.getvalue()
    return zipped(files)


def judged_question(within: Challenge | None = None) -> Question:
    question_row = question("mtm-hcc", SMALL, within=within)
    rng = np.random.default_rng(1)
    for _ in range(6):
        images = {name: [rng.integers(0, 900, (16, 20)).astype(np.uint16)] for name in IMAGES}
        mask = np.zeros((16, 20), np.uint8)
        mask[:12, :12] = square(4)
        kept_exam(question_row, images, {f"lesion-{name}": mask for name in IMAGES})
    frozen_batches(question_row)
    for seed, name in enumerate(("Owls", "Cats")):
        sent(question_row, team_in(question_row, name), generated(np.random.default_rng(seed), 10))
    work_all()
    open_jury(question=question_row, actor=person("Olga"))
    assert work_all() == ["choose_jury_cases"]
    return question_row

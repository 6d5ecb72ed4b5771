"""Reading in the disposable child: the same facts as here, and a codec that panics harms nobody."""

from __future__ import annotations

import random
from pathlib import Path

import pydicom
from pydicom.uid import RLELossless

from concours.formats.child import run_limited
from concours.formats.stored import whole
from concours.inclusion import ExamFacts
from tests.concours.inclusion.phantoms import CT, body, facts, write_series


def test_the_child_returns_the_same_facts(tmp_path: Path) -> None:
    paths = write_series(tmp_path, CT)
    fields = {"age": {"declared": {"type": "number"}, "value": 40}}
    files = [whole(path).to_json() for path in paths]
    sent = run_limited("concours.inclusion.exam.read:read_exam_json", {"image": files}, fields, read=paths)
    assert ExamFacts.from_json(sent) == facts(paths, fields)


def test_damaged_run_lengths_are_damage_even_when_the_codec_panics(tmp_path: Path) -> None:
    path = write_series(tmp_path, CT, body(1, side=32))[0]
    dataset = pydicom.dcmread(path)
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.save_as(path)
    raw, draw = path.read_bytes(), random.Random(3)
    damaged = 0
    for _ in range(200):
        mutated = bytearray(raw)
        for _ in range(8):
            mutated[draw.randrange(len(raw) - 1200, len(raw))] = draw.randrange(256)
        path.write_bytes(bytes(mutated))
        exam = facts([path])
        damaged += bool(exam.damaged or exam.series[0].damaged)
    assert damaged > 20

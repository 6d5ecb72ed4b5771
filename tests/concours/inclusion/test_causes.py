"""One cause, one reason: consequences of a refusal are left out, and one sentence about many files is said once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from concours.inclusion import Judgement, examine, overall
from concours.inclusion.causes import reasons
from tests.concours.inclusion.phantoms import CT, facts, write_series

FILES = [f"2.25.{n}.dcm" for n in range(40)]


def judged(
    criterion: str, outcome: str = "refuse", where: str = "image", template: str = "", **values: object
) -> Judgement:
    reason = "" if outcome == "accept" else "criterion_not_met"
    return Judgement(criterion, outcome, reason, where, template or criterion, values)  # type: ignore[arg-type]


def causes_of(*judgements: Judgement) -> list[tuple[str, int]]:
    return [(reason.judgement.criterion, reason.more_files) for reason in reasons(judgements, FILES)]


def test_what_can_only_fail_with_the_cause_is_left_out() -> None:
    assert causes_of(judged("modality"), judged("kernel"), judged("hounsfield")) == [("modality", 0)]
    assert causes_of(judged("modality"), judged("slice_count"), judged("mask")) == [
        ("modality", 0),
        ("slice_count", 0),
        ("mask", 0),
    ]
    others = [
        judged("kernel"),
        judged("usable"),
        judged("slice_thickness"),
        judged("slice_spacing", where=FILES[0], name=FILES[0]),
    ]
    assert causes_of(judged("localiser"), *others) == [("localiser", 0)]


def test_another_image_and_the_fields_keep_their_reasons() -> None:
    others = [judged("kernel", where="second"), judged("clinical", where="age")]
    assert causes_of(judged("modality"), *others) == [("modality", 0), ("kernel", 0), ("clinical", 0)]


def test_one_sentence_about_many_files_is_said_once_with_their_number() -> None:
    twice = [judged("slice_spacing", where=name, template="%(name)s twice", name=name) for name in FILES[:31]]
    other = judged("slice_spacing", where=FILES[3], template="%(count)d missing after %(name)s", name=FILES[3], count=2)
    assert causes_of(*twice, other) == [("slice_spacing", 30), ("slice_spacing", 0)]


def test_the_same_sentence_about_two_images_is_said_twice() -> None:
    both = [judged("kernel", where=image, template="%(kernel)s is hard", kernel="B70") for image in ("one", "two")]
    assert causes_of(*both) == [("kernel", 0), ("kernel", 0)]


def test_of_a_refused_exam_only_what_refuses_it() -> None:
    assert causes_of(judged("kernel", "review"), judged("pixels")) == [("pixels", 0)]
    assert causes_of(judged("kernel", "review"), judged("pixels", "accept")) == [("kernel", 0)]


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "accept"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "refuse"),
        ({"SeriesDescription": "t2_localizer_tra"}, "review"),
        ({"SeriesDescription": "Thorax local recon"}, "accept"),
        ({"ProtocolName": "Topogram 0.6"}, "review"),
    ],
)
def test_a_localiser_is_told_as_one(tmp_path: Path, changes: dict[str, Any], outcome: str) -> None:
    judgements = examine(facts(write_series(tmp_path, CT | changes)), {})
    assert overall(judgement for judgement in judgements if judgement.criterion == "localiser") == outcome

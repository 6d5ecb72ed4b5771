"""What is right key by key and cannot run: refused when the file is loaded, in words that say what to do."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from concours.known_names import known_names
from concours.questions.schema import SpecError, load_spec
from tests.factories.questions import merged

CATALOGUE = Path("concours/questions/catalogue")
CLOSES, BEFORE = "2019-10-13T10:00:00+02:00", "2019-10-13T09:59:59+02:00"  # of the deciding phase of `sarcopenia`
CODE_DAY = {"opens": CLOSES, "closes": "2019-10-14T10:00:00+02:00", "accepts": "code"}
BATCH = {"name": "evaluation", "set": "test", "released_at": "2019-10-13T09:00:00+02:00"}
NEED = "rules.team.needs[0].any_of[0]"
IMAGES = "submission.generated.images"


def with_images(*images: str) -> dict[str, Any]:
    return {"submission": {"generated": {"images": list(images)}}}


def shown(share: float, at: str) -> dict[str, Any]:
    return {"leaderboard": {"public_share": share, "reveal_at": at}}


def mistakes_of(slug: str, changes: dict[str, Any]) -> list[tuple[str, str]]:
    document = yaml.safe_load((CATALOGUE / f"{slug}.yaml").read_text(encoding="utf-8"))
    text = yaml.safe_dump(merged(document, changes), allow_unicode=True, sort_keys=False)
    try:
        load_spec(text, known_names())
    except SpecError as error:
        return [(mistake.where, mistake.message) for mistake in error.mistakes]
    return []


def test_one_fault_is_one_error() -> None:
    """What follows from an error that is listed is not listed as well."""
    assert mistakes_of("nodules", {"inclusion": {"modality": "CT"}}) == [
        ("inclusion.modality", "a mapping is required (key: value)")
    ]
    late = {"batches": [{"name": "evaluation", "set": "test", "released_at": "2019-10-13T09:00:00"}]}
    assert [where for where, _words in mistakes_of("nodules", late)] == ["batches[0].released_at"]
    unknown = {"phases": {"final": {"batch": "evaluations"}}}
    assert mistakes_of("nodules", unknown) == [
        ("phases.final.batch", "evaluations is unknown; did you mean evaluation?")
    ]


def test_a_single_set_may_be_a_share_of_one() -> None:
    split = {"sets": {"training": None, "validation": None, "test": 1.0}}
    assert mistakes_of("nodules", {"split": split, "batches": [BATCH]}) == []


@pytest.mark.parametrize("slug", sorted(path.stem for path in CATALOGUE.glob("*.yaml")))
def test_every_question_of_the_catalogue_is_sound(slug: str) -> None:
    assert mistakes_of(slug, {}) == []


@pytest.mark.parametrize(
    ("slug", "changes", "where", "words"),
    [
        ("sarcopenia", {"leaderboard": {"public_share": 0.2}, "limits": None}, "leaderboard.public_share", "per_phase"),
        ("sarcopenia", shown(0.2, BEFORE), "leaderboard.reveal_at", "still open"),
        ("sarcopenia", shown(0, CLOSES), "leaderboard.reveal_at", "there are none"),
        ("sarcopenia", {"phases": {"final": {"batch": "batch-1"}}}, "phases.final.batch", "no truth is kept"),
        ("mtm-hcc", {"split": {"truth": None, "evaluation": ["batch-1"]}, "batches": []}, "phases.final", "nothing to be scored"),
        ("mtm-hcc", with_images("arterial"), IMAGES, "takes 3 different images"),
        ("mtm-hcc", with_images("arterial", "portal"), IMAGES, "this list has 2"),
        ("nodules", {"rules": {"team": {"needs": [{"any_of": ["physicist"]}]}}}, NEED, "allowed: company"),
        ("nodules", {"phases": {"code": CODE_DAY}}, "phases.code.accepts", "unknown"),
        ("nodules", {"grading": {"scale": ["D", "A"]}}, "grading.scale", "from the best"),
        ("nodules", {"grading": {"scale": ["A", "B", "E"]}}, "grading.scale[2]", "allowed: A, B, C, D"),
        ("nodules", {"inclusion": {"modality": "CT"}}, "inclusion.modality", "mapping"),
        ("nodules", {"inclusion": {"nodules": {"field": "abnormal"}}}, "inclusion.nodules.field", "reads table, mask"),
        ("nodules", {"data": {"fields": {"nodules": {"columns": {"z": None}}}}}, "inclusion.nodules.field", "lacks z"),
        ("sarcopenia", {"inclusion": {"mask": {"field": "surface"}}}, "inclusion.mask.field", "reads mask"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_refused_once(slug: str, changes: dict[str, Any], where: str, words: str) -> None:
    mistakes_of_result = mistakes_of(slug, changes)
    assert [message for at, message in mistakes_of_result if at == where and words in message], mistakes_of_result
    assert len(set(mistakes_of_result)) == len(mistakes_of_result)


@pytest.mark.parametrize(
    ("slug", "changes"),
    [
        ("sarcopenia", shown(0.2, CLOSES)),
        ("nodules", {"grading": {"scale": ["A", "C"], "kept": ["A"]}}),
    ],
)
def test_what_can_run_is_accepted(slug: str, changes: dict[str, Any]) -> None:
    wrong = [(where, message) for where, message in mistakes_of(slug, changes) if "batch" not in where]
    assert wrong == []


@pytest.mark.parametrize("count", [300, 40_000])
def test_a_file_full_of_mistakes_is_refused_at_once(count: int) -> None:
    text = (CATALOGUE / "nodules.yaml").read_text(encoding="utf-8")
    text += "\n".join(f"wrong_{number}: 1" for number in range(count))
    began = time.process_time()
    with pytest.raises(SpecError) as caught:
        load_spec(text, known_names())
    assert len(caught.value.mistakes) <= 101 and "more than" in caught.value.mistakes[-1].message
    assert time.process_time() - began < 1


def test_one_set_may_take_every_exam() -> None:
    text = (CATALOGUE / "reports.yaml").read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    document["split"] |= {"sets": {"test": 1.0}, "evaluation": ["test"]}
    document["batches"] = [{"name": "test", "set": "test", "released_at": CLOSES}]
    for phase in document["phases"].values():
        if "batch" in phase:
            phase["batch"] = "test"
    spec = load_spec(yaml.safe_dump(document, allow_unicode=True), known_names())
    assert dict(spec.split.shares) == {"test": 1.0}

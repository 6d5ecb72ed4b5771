"""What every criterion keeps to, and what travels between processes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from concours.formats.fault import REASONS, render
from concours.formats.stored import whole
from concours.inclusion import (
    ExamFacts,
    Judgement,
    criterion_faults,
    declared,
    examine,
    find,
    inclusion_faults,
    names,
    overall,
)
from concours.inclusion.exam.kernels import kind_of, rows
from concours.inclusion.exam.read import read_exam_json
from tests.concours.inclusion.phantoms import CT, facts, write_series

ROOT = Path(__file__).parents[3]
WHOLE: dict[str, dict[str, Any]] = {
    "modality": {"allowed": ["CT"]}, "body_part": {"allowed": ["CHEST"]}, "dimensions": {"value": 3}, "slice_count": {},
    "slice_spacing": {}, "slice_thickness": {"below": 1.25}, "kernel": {"allowed": ["hard"]}, "pixels": {}, "noise": {},
    "sequence": {"allowed": ["flair"]}, "phase": {"images": {"image": "late_arterial"}}, "hounsfield": {}, "matrix": {},
    "contrast": {"allowed": ["with"]}, "orientation": {"allowed": ["axial"]}, "field_of_view": {}, "files": {}, "usable": {},
    "localiser": {}, "values": {}, "mask": {"field": "mask"}, "nodules": {"field": "nodules"}, "clinical": {"fields": ["age"]},
}  # fmt: skip


def test_every_criterion_is_exercised_here() -> None:
    assert set(WHOLE) == set(names())


@pytest.mark.parametrize("name", names())
def test_every_template_is_filled_by_its_values(name: str) -> None:
    source = (ROOT / "concours" / "inclusion" / f"{name}.py").read_text()
    assert "gettext_noop" in source
    source = re.sub(r"^TITLE = .*$", "", source, flags=re.MULTILINE)
    for template in re.findall(r'gettext_noop\(\s*"([^"]+)"\s*\)', source):
        assert len(template) < 200
        assert template.endswith(".")
    assert find(name).summary.endswith(".")


@pytest.mark.parametrize("fault", [{}, {"SliceThickness": None, "ConvolutionKernel": "Zz"}, {"Modality": "MR"}])
def test_all_reasons_at_once_in_known_codes_and_short_words(tmp_path: Path, fault: dict[str, Any]) -> None:
    exam = facts(write_series(tmp_path, CT | fault), {"age": {"value": "x", "declared": {"type": "number"}}})
    judgements = examine(exam, WHOLE)
    assert {judgement.criterion for judgement in judgements} == set(WHOLE)
    for entry in judgements:
        assert entry.reason in REASONS or (entry.outcome, entry.reason) == ("accept", "")
        assert 0 < len(entry.message) <= 280
        assert "%(" not in entry.message
        assert entry.message == render(entry.template, entry.values)
        assert Judgement.from_json(json.loads(json.dumps(entry.to_json()))) == entry


def test_facts_survive_json(tmp_path: Path) -> None:
    paths = write_series(tmp_path, CT)
    paths[1].write_bytes(b"broken")
    fields = {"age": {"declared": {"type": "number"}, "value": 40}, "n": {"value": [{"x": 1}]}}
    exam = facts(paths, fields)
    sent = read_exam_json({"image": [whole(path).to_json() for path in paths]}, fields)
    assert ExamFacts.from_json(json.loads(json.dumps(sent))) == exam


def test_order_of_files_does_not_matter(tmp_path: Path) -> None:
    paths = write_series(tmp_path, CT)
    assert facts(paths) == facts(paths[::-1])


def test_an_exam_without_anything_is_refused_and_never_accepted() -> None:
    nothing = examine(ExamFacts(("image",)), WHOLE)
    assert overall(nothing) == "refuse"
    assert overall([]) == "review"


def test_faults_of_a_question_file() -> None:
    assert inclusion_faults(WHOLE) == []
    assert criterion_faults("kernel", {"allowed": ["soft", "sharp"]}) == ["allowed: 'sharp' is none of soft, hard"]
    assert criterion_faults("kernel", {}) == ["allowed is missing"]
    assert criterion_faults("slice_count", {"min": 3, "max": 1}) == ["min 3 is larger than max 1"]
    assert criterion_faults("slice_count", {"min": "3"}) == ["min must be a whole number, not '3'"]
    assert len(criterion_faults("slice_count", {"least": 3, "max": True})) == 2
    assert criterion_faults("phase", {"images": {"a": "venous"}})
    assert [name for name, _ in inclusion_faults({"beauty": {}})] == ["beauty"]
    with pytest.raises(ValueError, match="no criterion"):
        examine(ExamFacts(()), {"beauty": {}})


def test_declarations_are_json_and_say_their_unit() -> None:
    assert json.loads(json.dumps(declared())) == declared()
    assert declared()["slice_thickness"]["max"]["unit"] == "mm"


@pytest.mark.parametrize(
    "path", sorted((ROOT / "concours" / "questions" / "catalogue").glob("*.yaml")), ids=lambda entry: entry.stem
)
def test_the_catalogue_asks_only_for_what_exists(path: Path) -> None:
    question = yaml.safe_load(path.read_text())
    assert inclusion_faults(question.get("inclusion") or {}) == []


@pytest.mark.parametrize(
    ("vendor", "name", "kind"),
    [
        ("siemens", "B30f", "soft"), ("siemens", "B60f", "hard"), ("siemens", "B45f", ""), ("siemens", "Bl57d", "hard"),
        ("siemens", "Br40d", "soft"), ("siemens", "I70f", "hard"), ("siemens", "FC01", ""), ("ge", "STANDARD", "soft"),
        ("ge", "LUNG", "hard"), ("ge", "DETAIL", ""), ("philips", "B", "soft"), ("philips", "YA", ""),
        ("philips", "C", ""), ("canon", "FC13", "soft"), ("canon", "FC51", "hard"), ("canon", "FC13-H", ""),
        ("siemens", "Br50f", ""), ("philips", "D", ""), ("canon", "FC04", ""), ("siemens", "Hr68f", "hard"),
        ("", "B70f", "hard"), ("", "nonsense", ""), ("any", "SOFT_TISSUE", "soft"),
    ],
)  # fmt: skip
def test_kernel_table(vendor: str, name: str, kind: str) -> None:
    assert kind_of(name, vendor) == kind


def test_every_kernel_row_has_a_source_and_no_two_rows_disagree() -> None:
    for row in rows():
        assert row.kind in ("soft", "hard")
        assert row.basis in ("standard", "read")
        assert len(row.source) > 20
        re.compile(row.pattern)
    assert {row.vendor for row in rows()} == {"any", "siemens", "ge", "philips", "canon"}
    candidates = [
        f"{a}{n:02d}{b}" for a in ("B", "H", "U", "I", "FC", "BR", "BL", "HR") for n in range(100) for b in ("", "F")
    ]
    for vendor in {row.vendor for row in rows()}:
        for name in candidates:
            kinds = {row.kind for row in rows() if row.vendor == vendor and re.fullmatch(row.pattern, name)}
            assert len(kinds) <= 1

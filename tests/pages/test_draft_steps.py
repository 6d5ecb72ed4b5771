"""The steps and the file are the same thing: what nobody touched stays byte for byte, what is changed stands in the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.http import QueryDict

from concours.known_names import known_names
from concours.questions.editing import changed_file, plain_values, value_at
from concours.questions.schema import load_spec
from pages.drafting.steps import STEPS, DraftStep, StepForms, find_step, step_of
from tests.pages.posted import as_posted

FOLDER = Path("concours/questions")
FILES = sorted([*(FOLDER / "catalogue").glob("*.yaml"), *(FOLDER / "starts").glob("*.yaml")])


def saved(text: str, step: str, **fields: str | list[str]) -> str:
    """The file after the step was posted with these fields changed."""
    chosen = find_step(step)
    assert chosen is not None
    posted: QueryDict = as_posted(StepForms(chosen, plain_values(text)))
    for name, value in fields.items():
        posted.setlist(name, value if isinstance(value, list) else [value])
    forms = StepForms(chosen, plain_values(text), posted)
    assert forms.is_valid(), [form.errors for rows in forms.rows for form in rows.forms] + [
        form.errors for form in forms.forms
    ]
    return changed_file(text, forms.changes())


def start(task: str) -> str:
    return (FOLDER / "starts" / f"{task}.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_nobody_touched_stays_byte_for_byte(path: Path, step: DraftStep) -> None:
    text = path.read_text(encoding="utf-8")
    assert saved(text, step.name) == text


CHANGES = [
    ("words", {"title_en": "Kidneys"}, ("title", "en"), "Kidneys"),
    ("words", {"summary_fr": "Mesurer les reins."}, ("summary", "fr"), "Mesurer les reins."),
    ("images", {"orientation": ["axial", "coronal"]}, ("inclusion", "orientation", "allowed"), ["axial", "coronal"]),
    ("images", {"thickest": "1.25"}, ("inclusion", "slice_thickness", "max"), 1.25),
    ("images", {"hounsfield": "on"}, ("inclusion", "hounsfield"), {}),
    ("images", {"data-images-0-modality": ["MR"]}, ("data", "images", "image", "modality"), "MR"),
    ("images", {"data-images-0-modality": ["MR"]}, ("inclusion", "modality", "allowed"), ["MR"]),
    ("images", {"data-images-0-dimensions": ["2"]}, ("inclusion", "dimensions", "value"), 2),
    ("images", {"exams": "500"}, ("target", "exams"), 500),
    ("truth", {"data-fields-0-unit": "mm"}, ("data", "fields", "measure", "unit"), "mm"),
    ("truth", {"data-fields-0-evaluation": "on"}, ("data", "deliver", "evaluation"), ["measure"]),
    ("scores", {"digits": "2"}, ("leaderboard", "digits"), 2),
    ("scores", {"metrics-0-metric": "rmse"}, ("metrics", "mae", "metric"), "rmse"),
    ("teams", {"most": "4"}, ("rules", "team", "max"), 4),
    ("dates", {"phases-1-closes": "2030-10-12T12:30"}, ("phases", "final", "closes"), "2030-10-12T12:30:00+02:00"),
    ("dates", {"split-sets-0-size": "0.6", "split-sets-1-size": "0.1"}, ("split", "sets", "training"), 0.6),
]


@pytest.mark.parametrize(("step", "fields", "path", "value"), CHANGES)
def test_what_is_changed_stands_in_the_file_and_it_is_still_sound(step, fields, path, value) -> None:
    text = saved(start("measure"), step, **fields)
    assert value_at(plain_values(text), path) == value
    load_spec(text, known_names())
    assert len(set(text.splitlines()) - set(start("measure").splitlines())) <= 3


def test_new_rows_get_keys_from_their_titles_and_are_delivered_as_ticked() -> None:
    row = {
        "data-fields-new0-title_en": "Age at exam",
        "data-fields-new0-title_fr": "Âge",
        "data-fields-new0-type": "number",
        "data-fields-new0-unit": "years",
        "data-fields-new0-training": "on",
        "data-fields-new0-evaluation": "on",
    }
    text = saved(start("classify"), "truth", **row)
    spec = load_spec(text, known_names())
    assert spec.data.fields["age_at_exam"].type == "number"
    assert spec.data.deliver.training == ("finding", "age_at_exam")
    assert spec.data.deliver.evaluation == ("age_at_exam",)


def test_a_score_and_its_column_are_added_and_counted() -> None:
    text = saved(start("measure"), "scores", **{"metrics-new0-metric": "rmse", "metrics-new0-field": ["measure"]})
    spec = load_spec(text, known_names())
    assert (spec.metrics["rmse"].metric, spec.metrics["rmse"].over) == ("rmse", "set")
    text = saved(text, "scores", by=["mae", "rmse"], rule="rank_sum")
    assert load_spec(text, known_names()).ranking.by == ("mae", "rmse")


def test_a_row_is_taken_out_with_what_is_delivered_of_it() -> None:
    text = saved(start("predict"), "truth", **{"data-fields-0-gone": "on"})
    spec = load_spec(text, known_names())
    assert list(spec.data.fields) == ["sex", "outcome"]
    assert (spec.data.deliver.training, spec.data.deliver.evaluation) == (("sex", "outcome"), ("sex",))


def test_prizes_and_needs_are_lists() -> None:
    text = saved(
        start("classify"),
        "teams",
        **{
            "rules-prizes-new0-place": "1",
            "rules-prizes-new0-amount": "3000",
            "rules-team-needs-new0-any_of": ["radiologist", "student"],
        },
    )
    rules = load_spec(text, known_names()).rules
    assert [(prize.place, prize.amount) for prize in rules.prizes] == [("1", 3000)]
    assert rules.needs[0].any_of == ("radiologist", "student")


@pytest.mark.parametrize(
    ("step", "fields"),
    [
        ("truth", {"data-fields-new0-unit": "mm"}),
        ("truth", {"data-fields-new0-title_en": "Mask", "data-fields-new0-type": "mask"}),
        ("scores", {"metrics-new0-goal": "3"}),
        ("scores", {"public_share": "1.5"}),
        ("dates", {"split-sets-0-size": "many"}),
        ("words", {"title_en": ""}),
    ],
)
def test_what_cannot_be_written_is_said_at_its_field(step: str, fields: dict[str, str]) -> None:
    chosen = find_step(step)
    assert chosen is not None
    values = plain_values(start("classify"))
    posted = as_posted(StepForms(chosen, values))
    posted.update(fields)
    forms = StepForms(chosen, values, posted)
    assert not forms.is_valid()
    assert any(form.errors for form in [*(form for rows in forms.rows for form in rows.forms), *forms.forms])


def test_every_section_of_a_file_has_its_step() -> None:
    sections = {key for path in FILES for key in plain_values(path.read_text(encoding="utf-8"))}
    in_the_file_alone = {"concours", "kind", "deidentification", "jury", "final", "seed"}
    assert {key for key in sections if not step_of(key)} == in_the_file_alone
    assert step_of("data.fields.mask") == "truth"

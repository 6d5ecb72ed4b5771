"""Every reported case that is kept has a test with its right value: the table says which, and each one exists."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.presence import cases_dir

WHOSE = "tests/scoring/test_whose_attempt.py"
CODABENCH = "tests/concours/questions/importers/test_codabench.py"
DEID = "tests/concours/deid/test_reported_cases.py"
IMAGING = "tests/concours/imaging/test_reported_cases.py"
INCLUSION = "tests/concours/inclusion/test_reported_cases.py"
SCORING = "tests/concours/evaluation/test_reported_cases.py"
IMAGES = "tests/anonymization/test_images.py"
CHOICE = "tests/anonymization/test_series_choice.py"
SORTING = "tests/concours/study/test_sorting.py"
SEQUENCES = "tests/concours/inclusion/test_inversion_recoveries.py"
TESTS: dict[int, tuple[str, ...]] = {
    1: (f"{DEID}::test_dates_with_points_move_like_the_others",),
    3: (f"{DEID}::test_one_number_is_one_patient_however_it_is_padded",),
    5: (f"{DEID}::test_moments_deep_in_sequences_move_with_the_series",),
    7: (f"{DEID}::test_character_sets_outside_the_standard_leave_no_name",),
    9: (f"{SORTING}::test_a_study_of_a_pacs_is_one_exam_without_a_fault",),
    10: (f"{DEID}::test_a_sequence_in_un_is_entered",),
    11: (
        f"{DEID}::test_names_in_capitals_of_people_that_no_field_knows",
        f"{DEID}::test_the_second_check_finds_them_where_nothing_was_cleaned",
    ),
    12: (f"{DEID}::test_units_of_measurements_stay",),
    21: (f"{IMAGING}::test_what_is_no_volume_gives_its_one_cause", f"{INCLUSION}::test_one_cause_is_one_reason"),
    23: (f"{IMAGING}::test_what_is_no_volume_gives_its_one_cause", f"{INCLUSION}::test_one_cause_is_one_reason"),
    25: (f"{SORTING}::test_a_study_of_a_pacs_is_one_exam_without_a_fault",),
    27: (f"{SEQUENCES}::test_reported_sequences_after_de_identification",),
    29: (f"{IMAGING}::test_what_is_no_volume_gives_its_one_cause", f"{INCLUSION}::test_one_cause_is_one_reason"),
    30: (f"{IMAGES}::test_odd_but_sound_geometry_is_accepted_drawn_and_delivered",),
    32: (
        f"{IMAGING}::test_rounded_headers_are_a_volume_every_two_and_a_half_millimetres",
        f"{IMAGES}::test_odd_but_sound_geometry_is_accepted_drawn_and_delivered",
    ),
    33: (
        f"{INCLUSION}::test_one_cause_is_one_reason",
        f"{CHOICE}::test_two_reconstructions_are_a_choice_and_never_a_blind_yes",
    ),
    36: (f"{IMAGES}::test_a_tilted_gantry_is_reviewed_and_then_delivered_sheared",),
    37: (
        "tests/scoring/test_quota.py::test_what_counts",
        f"{WHOSE}::test_a_team_whose_submission_failed_may_send_another",
        f"{WHOSE}::test_a_scored_submission_that_fails_when_scored_again_keeps_place_and_attempt",
    ),
    38: (f"{SORTING}::test_a_segmentation_of_another_study_is_the_mask_of_what_it_refers_to",),
    39: (f"{SEQUENCES}::test_reported_sequences_after_de_identification",),
    40: (f"{SCORING}::test_run_lengths_of_kaggle",),
    45: (f"{SCORING}::test_a_mask_saved_through_a_scale_scores_as_the_plain_one",),
    47: (f"{SCORING}::test_dimensions_and_containers_change_no_score",),
    50: (f"{SCORING}::test_an_auc_of_tiny_differences_and_of_ties",),
    57: (f"{CODABENCH}::test_days_without_an_hour_and_what_a_reported_bundle_loses",),
    61: (
        f"{SORTING}::test_a_disc_of_250_slices_without_endings_is_one_exam",
        "tests/frontend/test_in_browser.py::test_a_dropped_folder_of_250_files_arrives_whole",
    ),
}


@cache
def functions(path: str) -> frozenset[str]:
    return frozenset(
        node.name for node in ast.walk(ast.parse(Path(path).read_text("utf-8"))) if isinstance(node, ast.FunctionDef)
    )


@pytest.mark.parametrize("number", sorted(TESTS))
def test_the_tests_of_a_case_exist(number: int) -> None:
    assert TESTS[number]
    for name in TESTS[number]:
        path, _, function = name.partition("::")
        assert function in functions(path), name


@pytest.mark.skipif(not cases_dir().is_dir(), reason="CASES_DIR holds no cases")
def test_every_case_that_is_kept_is_in_the_table() -> None:
    remaining = {int(folder.name.partition("-")[0]) for folder in cases_dir().iterdir() if folder.is_dir()}
    assert remaining <= set(TESTS)

"""Places under the bootstrap, tie groups and other aggregation rules."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from concours.evaluation.statistics.alternatives import mean_then_rank, median_then_rank, rank_then_mean, wins_then_rank
from concours.evaluation.statistics.stability import first_probability, kendall_tau, place_distribution, place_intervals
from concours.evaluation.statistics.ties import tie_groups


def test_distribution_intervals_and_first_place_by_hand():
    places = np.array([[1, 2, 3], [1, 2, 3], [2, 1, 3], [1, 1, 3.0]])
    assert place_distribution(places).tolist() == [[0.75, 0.25, 0], [0.5, 0.5, 0], [0, 0, 1]]
    assert place_intervals(places, 0.5).tolist() == [[1, 1], [1, 2], [3, 3]]
    # The shared first place of the last replicate counts half for each.
    assert first_probability(places).tolist() == [0.625, 0.375, 0]


def test_intervals_of_places_are_whole_places():
    places = np.tile([[1.0, 2.0], [2.0, 1.0]], (501, 1))[:-1]
    assert set(place_intervals(places).ravel()) <= {1.0, 2.0}


def test_kendalls_tau_is_scipys_also_with_ties():
    rng = np.random.default_rng(1)
    observed = rng.integers(1, 6, 9).astype(float)
    places = rng.integers(1, 6, (50, 9)).astype(float)
    expected = [kendalltau(observed, row).statistic for row in places]
    assert kendall_tau(observed, places) == pytest.approx(expected, abs=1e-12)


def test_kendalls_tau_of_one_team_is_undefined():
    assert np.isnan(kendall_tau(np.array([1.0]), np.ones((3, 1)))).all()


def test_a_group_ends_at_the_first_team_that_differs_from_its_head():
    adjusted = np.ones((4, 4))
    adjusted[0, 2] = adjusted[2, 0] = adjusted[0, 3] = adjusted[3, 0] = 0.01
    adjusted[1, 3] = adjusted[3, 1] = 0.01
    assert tie_groups([0, 1, 2, 3], adjusted) == [[0, 1], [2, 3]]
    assert tie_groups([0, 1, 2, 3], adjusted, alpha=0.001) == [[0, 1, 2, 3]]


def test_an_undefined_test_separates_nobody():
    assert tie_groups([0, 1], np.array([[1, np.nan], [np.nan, 1]])) == [[0, 1]]


def test_other_rules_can_turn_the_board_round():
    # b wins on three cases by a hair, and loses one by far.
    values = np.array([[0.80, 0.80, 0.80, 0.80], [0.81, 0.81, 0.81, 0.10]])
    assert mean_then_rank(values, "higher").tolist() == [1, 2]
    assert median_then_rank(values, "higher").tolist() == [2, 1]
    assert rank_then_mean(values, "higher").tolist() == [2, 1]
    assert rank_then_mean(values, "lower").tolist() == [1, 2]


def test_rank_by_tests_counts_significant_wins():
    values = np.array([[3.0, 3.0], [2.0, 2.0], [1.0, 1.0]])
    adjusted = np.array([[1, 0.2, 0.01], [0.2, 1, 0.3], [0.01, 0.3, 1]])
    assert wins_then_rank(values, adjusted, "higher").tolist() == [1, 2, 2]
    assert wins_then_rank(values, adjusted, "lower").tolist() == [2, 2, 1]


def test_a_missing_team_is_last_under_every_rule():
    values = np.array([[np.nan, 0.9], [0.1, 0.1], [0.2, 0.2]])
    for rule in (mean_then_rank, median_then_rank):
        assert rule(values, "higher").tolist() == [3, 2, 1]
    assert wins_then_rank(values, np.where(np.eye(3), 1.0, 0.001), "higher").tolist() == [3, 2, 1]

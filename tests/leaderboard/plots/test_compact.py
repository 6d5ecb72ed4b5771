"""What pictures of cases are drawn from: few points that lose nothing to see, and no way back to a case's name."""

import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from leaderboard.plots.compact import CURVE_POINTS, MOST_DOTS, curves, strip, summary, thinned
from leaderboard.plots.roc import roc_points

RNG = np.random.default_rng(4)
LONG = np.arange(5000) % 4 == 0
SAID = LONG + RNG.normal(size=(2, 5000))


def test_a_thinned_curve_keeps_its_ends_its_area_and_only_points_of_the_curve():
    for values in SAID:
        whole = roc_points(LONG, values)
        thinned_result = thinned(whole)
        assert len(whole) > 1000 and len(thinned_result) <= CURVE_POINTS
        assert thinned_result[0].tolist() == [0, 0] and thinned_result[-1].tolist() == [1, 1]
        assert {tuple(point) for point in thinned_result} <= {tuple(point) for point in whole}
        assert np.trapezoid(thinned_result[:, 1], thinned_result[:, 0]) == pytest.approx(
            roc_auc_score(LONG, values), abs=0.003
        )


def test_a_short_curve_stays_as_it_is():
    truth = np.array([True, False, True, False])
    curves_result = curves(["a", "b"], truth, np.array([[0.9, 0.1, 0.8, 0.2], [0.9, np.nan, 0.8, 0.2]]))
    assert curves_result == {"teams": ["a", "b"], "curves": [[[0, 0], [0, 1], [1, 1]], None]}


def test_the_order_of_the_cases_does_not_matter_so_it_tells_nothing():
    values = RNG.random((3, 40)).round(2)
    shuffled = RNG.permutation(40)
    assert strip(["a", "b", "c"], values) == strip(["a", "b", "c"], values[:, shuffled])
    curves_result = curves(["a"], LONG, SAID[:1])
    shuffled = RNG.permutation(5000)
    assert curves_result == curves(["a"], LONG[shuffled], SAID[:1, shuffled])


def test_a_case_keeps_its_column_with_all_teams():
    array = np.array(strip(["a", "b"], np.array([[3.0, 1.0, 2.0], [30.0, 10.0, 20.0]]))["values"])
    assert array.tolist() == [[1, 2, 3], [10, 20, 30]]


def test_a_missing_value_is_null_in_json_and_not_in_the_summary():
    result = strip(["a", "b"], np.array([[0.5, np.nan, 0.25], [np.nan] * 3]))
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert result["values"] == [[0.25, 0.5, None], [None] * 3]
    assert result["summary"][0] == {
        "cases": 2, "least": 0.25, "lower": 0.3125, "median": 0.375, "upper": 0.4375, "greatest": 0.5, "mean": 0.375,
    }  # fmt: skip
    assert result["summary"][1]["cases"] == 0 and result["summary"][1]["mean"] is None


def test_of_very_many_cases_evenly_spaced_ones_are_drawn_and_all_are_summed_up():
    values = RNG.random((10, 9000))
    result = strip([f"t{n}" for n in range(10)], values)
    drawn = np.array(result["values"])
    assert drawn.size <= MOST_DOTS and drawn.shape[0] == 10
    assert drawn[0, [0, -1]] == pytest.approx([values[0].min(), values[0].max()], abs=1e-4)
    assert result["summary"][3] == summary(values[3]) and result["summary"][3]["cases"] == 9000


def test_no_case():
    assert strip(["a"], np.empty((1, 0)))["summary"][0]["cases"] == 0

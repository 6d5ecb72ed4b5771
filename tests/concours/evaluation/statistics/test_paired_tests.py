"""Paired tests and Holm's correction against scipy, brute force and published examples."""

import itertools

import numpy as np
import pytest
from scipy.stats import permutation_test as scipy_permutation
from sklearn.metrics import roc_auc_score

from concours.evaluation.statistics.paired import delong, delong_test, holm, permutation_test, wilcoxon_test

RNG = np.random.default_rng(21)


def test_few_cases_are_enumerated_completely():
    values = np.array([[5.0, 3.0, 4.0, 6.0, 2.0], [1.0, 2.0, 4.5, 3.0, 1.0]])
    difference = values[0] - values[1]
    extreme = sum(
        abs(np.dot(signs, difference)) >= abs(difference.sum()) for signs in itertools.product((-1, 1), repeat=5)
    )
    assert permutation_test(values)[0, 1] == extreme / 32


def test_equal_differences_count_as_extreme_whatever_their_rounding():
    values = np.array([[0.1, 0.2, 0.3, 0.1, 0.2], [0.0] * 5])
    # All signs equal is the only pattern as extreme, both ways: 2 of 32, although 0.1 + 0.2 + 0.3 rounds by order.
    assert permutation_test(values)[0, 1] == 2 / 32


def test_many_cases_agree_with_scipys_permutations():
    values = RNG.normal(size=(3, 60)) + np.array([[0.3], [0.0], [0.1]])
    permutation_test_result = permutation_test(values, seed=1, permutations=20_000)
    for a, b in itertools.combinations(range(3), 2):
        expected = scipy_permutation(
            (values[a], values[b]),
            lambda x, y, axis: np.mean(x - y, axis=axis),
            permutation_type="samples",
            vectorized=True,
            n_resamples=20_000,
            rng=2,
        ).pvalue
        assert permutation_test_result[a, b] == pytest.approx(expected, abs=0.015)


def test_permutation_is_symmetric_seeded_and_one_on_the_diagonal():
    values = RNG.normal(size=(4, 40))
    permutation_test_result = permutation_test(values, seed=5, permutations=999)
    assert np.array_equal(permutation_test_result, permutation_test_result.T)
    assert (np.diag(permutation_test_result) == 1).all()
    assert np.array_equal(permutation_test_result, permutation_test(values, seed=5, permutations=999))


def test_teams_with_the_same_scores_are_never_told_apart():
    values = np.tile(RNG.random(30), (2, 1))
    assert permutation_test(values, permutations=500)[0, 1] == 1
    assert wilcoxon_test(values)[0, 1] == 1


def test_cases_of_one_patient_flip_together():
    values = np.array([[1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    assert permutation_test(values)[0, 1] == 2 / 16
    assert permutation_test(values, groups=["p", "p", "q", "q"])[0, 1] == 2 / 4


def test_a_missing_team_is_not_tested():
    values = RNG.random((3, 20))
    values[1, 3] = np.nan
    for result in (permutation_test(values, permutations=200), wilcoxon_test(values)):
        assert np.isnan(result[0, 1])
        assert np.isnan(result[1, 2])
        assert np.isfinite(result[0, 2])


def test_wilcoxon_on_a_textbook_sample():
    # Wilcoxon 1945 by way of scipy's documentation: Darwin's maize, two-sided exact p = 0.0412.
    differences = np.array([6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75.0])
    values = np.stack([differences, np.zeros(15)])
    assert wilcoxon_test(values)[0, 1] == pytest.approx(0.041259765625)


def test_permutation_holds_its_level_when_nothing_differs():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(30, 25))  # 15 independent pairs
    pairs = [permutation_test(values[[i, i + 15]], seed=i, permutations=400)[0, 1] for i in range(15)]
    assert 0.2 < np.mean(pairs) < 0.8


def test_delongs_auc_is_scikit_learns_and_its_variance_is_the_bootstraps():
    rng = np.random.default_rng(4)
    truth = rng.random(400) < 0.4
    values = np.round(truth * 0.8 + rng.normal(size=(2, 400)), 1)
    aucs, covariance = delong(truth, values)
    assert aucs == pytest.approx([roc_auc_score(truth, team) for team in values], abs=1e-12)
    positives, negatives = np.flatnonzero(truth), np.flatnonzero(~truth)
    replicates = []
    for _ in range(600):
        drawn = np.concatenate([rng.choice(positives, len(positives)), rng.choice(negatives, len(negatives))])
        replicates.append([roc_auc_score(truth[drawn], team[drawn]) for team in values])
    assert covariance == pytest.approx(np.cov(np.array(replicates).T), rel=0.25, abs=1e-4)


def test_delong_by_the_definition_of_its_components():
    truth = np.array([1, 1, 1, 0, 0, 0, 0], dtype=bool)
    values = np.array([[0.9, 0.7, 0.4, 0.8, 0.4, 0.2, 0.1], [0.6, 0.3, 0.5, 0.2, 0.7, 0.1, 0.3]])

    def psi(x, y):
        return 1.0 if x > y else 0.5 if x == y else 0.0

    v10 = np.array([[np.mean([psi(x, y) for y in team[~truth]]) for x in team[truth]] for team in values])
    v01 = np.array([[np.mean([psi(x, y) for x in team[truth]]) for y in team[~truth]] for team in values])
    aucs, covariance = delong(truth, values)
    assert aucs == pytest.approx(v10.mean(axis=1))
    assert covariance == pytest.approx(np.cov(v10) / 3 + np.cov(v01) / 4)


def test_delong_on_equal_perfect_and_missing_predictions():
    truth = np.array([1, 1, 0, 0], dtype=bool)
    perfect, reversed_, missing = [0.9, 0.8, 0.2, 0.1], [0.1, 0.2, 0.8, 0.9], [0.9, np.nan, 0.2, 0.1]
    delong_test_result = delong_test(truth, np.array([perfect, perfect, reversed_, missing]))
    assert delong_test_result[0, 1] == 1
    assert delong_test_result[0, 2] == 0
    assert np.isnan(delong_test_result[0, 3])


def test_delong_needs_two_cases_of_each_class():
    with pytest.raises(ValueError, match="two cases"):
        delong(np.array([True, False, False]), np.zeros((2, 3)))


def test_holm_by_hand():
    p = np.ones((3, 3))
    p[0, 1] = p[1, 0] = 0.01
    p[0, 2] = p[2, 0] = 0.04
    p[1, 2] = p[2, 1] = 0.03
    adjusted = holm(p)
    # 0.01 x 3, 0.03 x 2, then 0.04 x 1 raised to the step before it.
    assert adjusted[0, 1] == pytest.approx(0.03)
    assert adjusted[1, 2] == pytest.approx(0.06)
    assert adjusted[0, 2] == pytest.approx(0.06)
    assert np.array_equal(adjusted, adjusted.T)


def test_holm_counts_only_tests_that_were_made():
    p = np.ones((3, 3))
    p[0, 1] = p[1, 0] = 0.02
    p[0, 2] = p[2, 0] = p[1, 2] = p[2, 1] = np.nan
    adjusted = holm(p)
    assert adjusted[0, 1] == pytest.approx(0.02)
    assert np.isnan(adjusted[0, 2])

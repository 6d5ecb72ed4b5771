"""Bootstrap replicates against the plain loop, scikit-learn and a hand count."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from concours.evaluation.statistics.bootstrap import (
    ExactSums,
    Sampled,
    SampledError,
    bootstrap,
    intervals,
    point,
    replicate,
)
from concours.evaluation.statistics.resample import Resampling, ResamplingError, counts

RNG = np.random.default_rng(11)
DICE = RNG.beta(8, 2, (6, 80))
TRUTH = RNG.random(80) < 0.3
PROBABILITY = np.round(TRUTH + RNG.normal(size=(6, 80)), 1)  # rounded: with ties


def test_each_replicate_draws_as_many_cases_as_there_are():
    drawn = counts(Resampling(80, 500, seed=1))
    assert drawn.shape == (500, 80)
    assert (drawn.sum(axis=1) == 80).all()
    assert (drawn >= 0).all()


def test_the_draws_are_multinomial():
    drawn = counts(Resampling(50, 4000, seed=2))
    # Each count has mean 1 and variance 1 - 1/n; two counts have covariance -1/n.
    assert drawn.mean() == 1
    assert drawn.var(axis=0).mean() == pytest.approx(1 - 1 / 50, rel=0.02)
    assert np.cov(drawn.T)[~np.eye(50, dtype=bool)].mean() == pytest.approx(-1 / 50, rel=0.05)


def test_the_same_seed_draws_the_same_and_another_does_not():
    first = counts(Resampling(300, 700, seed=3))
    assert np.array_equal(first, counts(Resampling(300, 700, seed=3)))
    assert not np.array_equal(first, counts(Resampling(300, 700, seed=4)))


def test_strata_keep_their_size():
    drawn = counts(Resampling.of(80, 200, 1, strata=TRUTH))
    assert (drawn[:, TRUTH].sum(axis=1) == TRUTH.sum()).all()
    assert (drawn[:, ~TRUTH].sum(axis=1) == (~TRUTH).sum()).all()


def test_cases_of_one_patient_are_drawn_together():
    patients = np.array(["p", "p", "q", "r", "r", "r"])
    drawn = counts(Resampling.of(6, 200, 1, groups=patients))
    assert (drawn[:, 0] == drawn[:, 1]).all()
    assert (drawn[:, 3] == drawn[:, 5]).all()
    assert (drawn[:, [0, 2, 3]].sum(axis=1) == 3).all()


def test_a_patient_in_two_strata_is_refused():
    with pytest.raises(ResamplingError, match="strata"):
        counts(Resampling.of(3, 10, 1, strata=[0, 1, 1], groups=[7, 7, 8]))


def test_more_draws_than_are_kept_at_once_come_in_blocks_and_are_the_same_twice():
    resampling = Resampling(20_000, 500, seed=5)
    blocks = [block.sum(axis=0) for block in resampling.blocks()]
    assert len(blocks) > 1
    assert sum(block.sum() for block in blocks) == 20_000 * 500
    assert np.array_equal(blocks, [block.sum(axis=0) for block in resampling.blocks()])


def test_means_equal_the_plain_loop():
    resampling = Resampling(80, 200, seed=6)
    result = bootstrap({"dice": Sampled("mean", DICE)}, resampling)["dice"]
    for drawn, row in zip(counts(resampling).astype(int), result, strict=True):
        cases = np.repeat(np.arange(80), drawn)
        assert row == pytest.approx(DICE[:, cases].mean(axis=1), rel=1e-13)


def test_auc_equals_scikit_learns_on_the_drawn_cases():
    drawn = counts(Resampling.of(80, 40, 7, strata=TRUTH))
    result = replicate(Sampled("auc", PROBABILITY, truth=TRUTH), drawn)
    for row, weights in zip(result, drawn, strict=True):
        expected = [roc_auc_score(TRUTH, team, sample_weight=weights) for team in PROBABILITY]
        assert row == pytest.approx(expected, abs=1e-12)


def test_auc_by_hand_with_a_tie():
    sampled = Sampled("auc", np.array([[0.9, 0.5, 0.5, 0.1]]), truth=np.array([True, True, False, False]))
    # Pairs: 0.9 beats both, 0.5 ties with 0.5 and beats 0.1: (2 + 1.5) / 4.
    assert point(sampled) == pytest.approx(3.5 / 4)
    # The tied positive counted three times: (2 + 3 x 1.5) / (4 x 2).
    assert replicate(sampled, np.array([[1.0, 3.0, 1.0, 1.0]]))[0, 0] == pytest.approx(6.5 / 8)


def test_a_replicate_without_a_class_has_no_auc():
    sampled = Sampled("auc", np.array([[0.9, 0.1]]), truth=np.array([True, False]))
    assert np.isnan(replicate(sampled, np.array([[2.0, 0.0]]))[0, 0])


def test_root_mean_and_a_function_of_counts_by_hand():
    drawn = np.array([[2.0, 0.0, 1.0]])
    assert replicate(Sampled("root_mean", np.array([[1.0, 100.0, 4.0]])), drawn)[0, 0] == pytest.approx(2**0.5)
    over, under = np.array([[1.0, 0.0, 2.0], [2.0, 1.0, 2.0]])
    ratio = Sampled("weighted", np.ones(2), estimators=(lambda n: (n @ over) / (n @ under), None), drawn=3)
    result = replicate(ratio, drawn)
    assert result[0, 0] == pytest.approx((2 * 1 + 2) / (2 * 2 + 2))
    assert np.isnan(result[0, 1])


def test_a_score_of_some_of_the_drawn_cases_counts_those_alone():
    drawn = np.array([[2.0, 0.0, 1.0, 3.0]])
    some = Sampled("mean", np.array([[1.0, 4.0]]), rows=np.array([0, 2]), drawn=4)
    assert replicate(some, drawn)[0, 0] == pytest.approx((2 * 1 + 4) / 3)
    assert np.isnan(replicate(some, np.array([[0.0, 5.0, 0.0, 1.0]]))[0, 0])
    never = Sampled("weighted", np.ones(1), estimators=(lambda n: n.sum(axis=1),), rows=np.array([-1, 3]), drawn=4)
    assert replicate(never, drawn)[0, 0] == 3


def test_draws_without_a_score_are_left_out_of_an_interval_while_they_are_few():
    values = np.tile(np.linspace(0, 1, 1000)[:, None], (1, 2))
    values[:40, 0] = np.nan
    values[:60, 1] = np.nan
    few, many = intervals(values)
    assert 0.04 < few[0] < few[1] < 1
    assert np.isnan(many).all()


def test_a_score_that_is_not_made_of_cases_stays_as_it_is():
    result = bootstrap({"fid": Sampled("fixed", np.array([12.5, np.nan]))}, Resampling(10, 5))["fid"]
    assert result[:, 0].tolist() == [12.5] * 5
    assert np.isnan(result[:, 1]).all()


@pytest.mark.parametrize("how", ["mean", "auc"])
def test_a_team_with_one_undefined_value_is_missing_and_never_averaged_over_the_rest(how):
    values = PROBABILITY.copy()
    values[2, 5] = np.nan
    values[3, 5] = np.inf
    result = bootstrap({"s": Sampled(how, values, truth=TRUTH)}, Resampling.of(80, 50, 1, strata=TRUTH))["s"]
    assert np.isnan(result[:, [2, 3]]).all()
    assert np.isfinite(result[:, [0, 1, 4, 5]]).all()


@pytest.mark.parametrize(
    "build",
    [
        lambda: Sampled("mean", np.zeros(3)),
        lambda: Sampled("fixed", np.zeros((2, 3))),
        lambda: Sampled("auc", np.zeros((2, 3))),
        lambda: Sampled("weighted", np.zeros(2), estimators=(None,), drawn=3),
        lambda: replicate(Sampled("mean", np.zeros((2, 3))), np.ones((1, 4))),
    ],
)
def test_what_does_not_fit_is_refused(build):
    with pytest.raises(SampledError):
        build()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.floats(-1e12, 1e12, allow_subnormal=False), min_size=2, max_size=40), st.randoms(use_true_random=False)
)
def test_sums_do_not_depend_on_the_order_of_cases(values, random):
    order = list(range(len(values)))
    random.shuffle(order)
    drawn = np.array([[random.randrange(5) for _ in values]], dtype=float)
    row = np.array([values])
    assert ExactSums(row, drawn.sum())(drawn)[0, 0] == ExactSums(row[:, order], drawn.sum())(drawn[:, order])[0, 0]
    assert ExactSums(row, drawn.sum())(drawn)[0, 0] == pytest.approx(
        float(np.sum(row * drawn)), abs=1e-12 * max(1.0, np.abs(row).max() * drawn.sum())
    )


def test_percentile_intervals():
    replicates = np.arange(1001.0)[:, None]
    assert intervals(replicates, 0.95)[0] == pytest.approx([25, 975])


def test_intervals_cover_the_true_mean_about_as_often_as_they_say():
    rng = np.random.default_rng(8)
    samples = rng.normal(size=(300, 100))  # 300 experiments, one a row
    low, high = intervals(bootstrap({"x": Sampled("mean", samples)}, Resampling(100, 1000, 9))["x"], 0.95).T
    assert 0.90 <= np.mean((low <= 0) & (high >= 0)) <= 0.98

"""The uncertainty of whole boards, and snapshots that are the same bits each time."""

import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from concours.evaluation.ranking import RankingEntry, rank_whole, stand
from concours.evaluation.ranking_rule import RankingRule
from concours.evaluation.statistics.analysis import significance, uncertainty
from concours.evaluation.statistics.bootstrap import Sampled
from concours.evaluation.statistics.resample import Resampling, counts
from concours.evaluation.statistics.snapshot import canonical, snapshot

RULE = RankingRule("rank_sum", ("dice", "mse"), {"dice": "higher", "mse": "lower"}, tie_break=("dice",))
RNG = np.random.default_rng(5)
QUALITY = np.array([[0.95], [0.9], [0.6], [0.3]])
DICE = np.clip(QUALITY + RNG.normal(0, 0.05, (4, 60)), 0, 1)
SQUARES = (1.2 - QUALITY) ** 2 * RNG.chisquare(1, (4, 60))
SCORES = {"dice": Sampled("mean", DICE), "mse": Sampled("mean", SQUARES)}
TEAMS = ("a", "b", "c", "d")


def test_a_board_is_bootstrapped_by_its_own_rule():
    uncertainty_result = uncertainty(RULE, TEAMS, SCORES, seed=4, replicates=300)
    drawn = counts(Resampling(60, 300, 4))
    for row in (0, 150, 299):
        table = {"dice": (DICE @ drawn[row] / 60)[None], "mse": (SQUARES @ drawn[row] / 60)[None]}
        expected = stand(RULE, table).places[0]
        share = uncertainty_result.place_distribution[np.arange(4), expected.astype(int) - 1]
        assert (share > 0).all()
    assert uncertainty_result.places.tolist() == [1, 2, 3, 4]
    assert uncertainty_result.place_distribution.sum(axis=1) == pytest.approx(1)
    assert uncertainty_result.first_probability.sum() == pytest.approx(1)
    assert uncertainty_result.place_intervals[3].tolist() == [4, 4]
    assert (uncertainty_result.score_intervals["dice"][:, 0] < uncertainty_result.scores["dice"]).all()
    assert (uncertainty_result.scores["dice"] < uncertainty_result.score_intervals["dice"][:, 1]).all()


def test_scores_are_paired_by_case_across_metrics():
    same = {"dice": Sampled("mean", DICE), "mse": Sampled("mean", 1 - DICE)}
    uncertainty_result = uncertainty(RULE, TEAMS, same, seed=1, replicates=100)
    # The two rankings of every replicate are one: sums 2, 4, 6, 8 and never a tie.
    by_dice = uncertainty(RankingRule("best_score", ("dice",), {"dice": "higher"}), TEAMS, same, seed=1, replicates=100)
    assert np.array_equal(uncertainty_result.place_distribution, by_dice.place_distribution)


def test_auc_with_a_jury_mark_beside_it():
    truth = np.arange(60) % 3 == 0
    rule = RankingRule("rank_sum", ("auc", "jury"), {"auc": "higher", "jury": "higher"})
    scores = {
        "auc": Sampled("auc", truth + RNG.normal(0, 1 / QUALITY, (4, 60)), truth=truth),
        "jury": Sampled("fixed", np.array([18.0, 12.0, 9.0, np.nan])),
    }
    uncertainty_result = uncertainty(rule, TEAMS, scores, seed=1, replicates=200)
    assert "jury" not in uncertainty_result.score_intervals
    plain = uncertainty_result.as_dict()["teams"]["a"]["scores"]
    assert (plain["jury"]["value"], plain["jury"]["low"], plain["jury"]["high"]) == (18.0, None, None)
    assert np.isfinite(uncertainty_result.score_intervals["auc"]).all()
    assert json.loads(canonical(uncertainty_result.as_dict()))["teams"]["d"]["scores"]["jury"]["value"] is None


def test_significance_of_clearly_different_teams():
    significance_result = significance(TEAMS, "dice", SCORES["dice"], "higher", seed=2, permutations=2000)
    assert significance_result.test == "paired permutation"
    assert significance_result.groups[-1] == ("d",)
    assert significance_result.adjusted[0, 3] < 0.05
    assert (significance_result.adjusted >= significance_result.p).all()
    assert set(significance_result.alternatives) == {
        "mean_then_rank",
        "median_then_rank",
        "rank_then_mean",
        "test_then_rank",
    }
    assert significance_result.as_dict()["places"]["mean_then_rank"] == {"a": 1, "b": 2, "c": 3, "d": 4}


def test_significance_of_aucs_uses_delong():
    truth = np.arange(60) % 2 == 0
    values = np.stack([truth + RNG.normal(0, 0.1, 60), RNG.normal(size=60)])
    significance_result = significance(("good", "guess"), "auc", Sampled("auc", values, truth=truth), "higher", seed=0)
    assert significance_result.test == "DeLong"
    assert significance_result.groups == (("good",), ("guess",))
    with pytest.raises(ValueError, match="no paired values"):
        significance(("x",), "fid", Sampled("fixed", np.ones(1)), "lower", seed=0)


def board(order=1):
    entries = [
        RankingEntry(team, {"dice": float(dice), "mse": float(mse)}, datetime(2019, 10, 13, tzinfo=UTC))
        for team, dice, mse in zip(TEAMS, DICE.mean(axis=1), SQUARES.mean(axis=1), strict=True)
    ]
    return rank_whole(RULE, [*entries, RankingEntry("é absent")][::order])


def written(at, order=1):
    return snapshot(
        board(order),
        at=at,
        versions={"concours": "1", "numpy": "2"},
        seeds={"bootstrap": 4},
        hashes={"question": "00", "truth": "11"},
        statistics=uncertainty(RULE, TEAMS, SCORES, seed=4, replicates=50).as_dict(),
    )


def test_a_snapshot_is_the_same_bits_whatever_the_order_of_entries():
    at = datetime(2019, 10, 14, 12, tzinfo=UTC)
    first = written(at)
    assert written(at, order=-1) == first
    assert written(at.astimezone(timezone(timedelta(hours=2)))) == first
    plain = json.loads(first.text)
    assert plain["at"] == "2019-10-14T12:00:00+00:00"
    assert plain["ranked_set"] == list(TEAMS)
    assert plain["left_out"] == [{"team": "é absent", "why": "N.S."}]
    assert plain["placings"][0]["scores"]["dice"] == DICE.mean(axis=1)[0]


def test_the_fingerprint_leaves_out_the_date_alone():
    at = datetime(2019, 10, 14, 12, tzinfo=UTC)
    first, later = written(at), written(at + timedelta(days=1))
    assert later.fingerprint == first.fingerprint
    assert later.text != first.text
    body = json.loads(first.text)
    assert body.pop("at")
    assert body.pop("fingerprint") == first.fingerprint == hashlib.sha256(canonical(body)).hexdigest()
    other = snapshot(board(), at=at, versions={"concours": "2"}, seeds={}, hashes={})
    assert other.fingerprint != first.fingerprint


def test_a_snapshot_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        snapshot(board(), at=datetime(2019, 10, 14), versions={}, seeds={}, hashes={})


def test_canonical_text():
    value = {"b": np.float64(0.1), "a": [np.int64(3), float("nan"), -0.0, None, True], "é": np.array([1.5])}
    assert canonical(value) == '{"a":[3,null,0.0,null,true],"b":0.1,"é":[1.5]}'.encode()


@pytest.mark.slow
def test_other_processes_with_other_threads_and_hash_seeds_write_the_same_bits():
    root = Path(__file__).parents[4]
    code = (
        "from datetime import UTC, datetime; from tests.concours.evaluation.statistics.test_analysis import written;"
        "print(written(datetime(2019, 10, 14, tzinfo=UTC)).fingerprint)"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=root,
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads, seed in (("1", "1"), ("2", "2"))
    }
    assert printed == {written(datetime(2019, 10, 14, tzinfo=UTC)).fingerprint + "\n"}

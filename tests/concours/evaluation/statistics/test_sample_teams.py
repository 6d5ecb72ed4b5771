"""Three teams' real predictions: AUC as scikit-learn gives it, places under the bootstrap, DeLong's tests."""

import csv

import numpy as np
import pytest

from concours.evaluation.ranking_rule import RankingRule
from concours.evaluation.statistics.analysis import significance, uncertainty
from concours.evaluation.statistics.bootstrap import Sampled, point
from tests.presence import sample_dir

SAMPLE = sample_dir()
FOLDER = SAMPLE / "cases" / "classification_wdbc"
TEAMS = ("team_a", "team_b", "team_c")

pytestmark = [
    pytest.mark.sample,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="SAMPLE_DIR has no cases/classification_wdbc"),
]


def column(path, name):
    with path.open(newline="") as file:
        return {row["case_id"]: float(row[name]) for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def auc():
    truth = column(FOLDER / "truth.csv", "malignant")
    teams = [column(FOLDER / f"pred_{team}.csv", "probability") for team in TEAMS]
    values = np.array([[team[case] for case in truth] for team in teams])
    return Sampled("auc", values, truth=np.array(list(truth.values())) == 1)


def test_the_aucs_are_the_golden_ones(auc):
    with (SAMPLE / "golden.csv").open(newline="") as file:
        golden = {row["input"]: float(row["value"]) for row in csv.DictReader(file) if row["metric"] == "roc_auc"}
    expected = [golden[f"cases/classification_wdbc/pred_{team}.csv"] for team in TEAMS]
    assert point(auc) == pytest.approx(expected, abs=1e-12)


def test_their_places_hold_under_the_bootstrap_and_the_tests_tell_them_apart(auc):
    rule = RankingRule("best_score", ("auc",), {"auc": "higher"})
    uncertainty_result = uncertainty(rule, TEAMS, {"auc": auc}, seed=1)
    assert uncertainty_result.places.tolist() == [2, 1, 3]
    assert uncertainty_result.first_probability[1] > 0.99
    tested = significance(TEAMS, "auc", auc, "higher", seed=1)
    assert tested.groups == (("team_b",), ("team_a",), ("team_c",))

"""The published boards of 2019 and the formula of 2021 (CHALLENGES.md, golden data)."""

import itertools
from datetime import UTC, datetime

import pytest

from concours.evaluation.ranking import RankingEntry, rank
from concours.evaluation.ranking_rule import RankingRule
from concours.questions.schema import DerivedSpec

SARCOPENIA = RankingRule(
    "rank_sum", ("dice", "surface_mse"), {"dice": "higher", "surface_mse": "lower"}, tie_break=("dice", "submitted_at")
)
SUMS = {
    "Owkin": 4,
    "Milvue": 6,
    "GAMC": 7,
    "LyPhTe": 7,
    "LEVIATAN": 10,
    "Autonomous Radio": 11,
    "Tripode-Rouen": 11,
    "Axone": 16,
}
NODULES = {
    "IBM-France-Cognitive": 0.899,
    "Aidence": 0.878,
    "LyPhTe": 0.838,
    "GAMC": 0.793,
    "Owkin": 0.768,
    "NAIS": 0.681,
    "ONCONEURAL": 0.644,
}
NODULES_ABSENT = ["Autonomous Radio", "LEVIATAN", "biSEPs", "Dapsi-AI", "EASYPICKY", "ILLUIN TECHNOLOGY"]
MS = {"Ghicl-Pixyl": 3.04, "icometrix": 3.80, "LyPhTe": 3.92, "Azmed": 4.61, "ALICEMEDICAL": 5.47}
MS_ABSENT = ["Autonomous Radio", "Axone", "GAMC", "LEVIATAN", "NAIS", "ONCONEURAL", "Owkin"]


def assignments():
    """Every pair of rankings (Dice, MSE) of eight teams without ties that gives the published sums."""
    everyone = set(range(1, 9))
    for dice_ranks in itertools.permutations(range(1, 9)):
        mse_ranks = [total - rank for total, rank in zip(SUMS.values(), dice_ranks, strict=True)]
        if set(mse_ranks) == everyone:
            yield dict(zip(SUMS, zip(dice_ranks, mse_ranks, strict=True), strict=True))


def test_the_sarcopenia_board_comes_out_under_every_assignment_of_ranks_that_gives_its_sums():
    result = list(assignments())
    assert len(result) == 28
    for ranks in result:
        entries = [
            RankingEntry(team, {"dice": 1 - dice / 100, "surface_mse": mse * 10.0})
            for team, (dice, mse) in ranks.items()
        ]
        board = rank(SARCOPENIA, entries)
        assert {placing.team: placing.total for placing in board} == SUMS
        assert [placing.place for placing in board] == [1, 2, 3, 4, 5, 6, 7, 8]
        assert board[0].team == "Owkin"
        assert [placing.total for placing in board] == sorted(SUMS.values())
        for first, second in itertools.pairwise(board):
            if first.total == second.total:
                assert first.scores["dice"] > second.scores["dice"]


@pytest.mark.parametrize(
    ("metric", "direction", "published", "absent"),
    [("auc", "higher", NODULES, NODULES_ABSENT), ("edss_mse", "lower", MS, MS_ABSENT)],
)
def test_the_boards_by_one_score_with_their_absent_teams(metric, direction, published, absent):
    entries = [RankingEntry(team) for team in absent] + [
        RankingEntry(team, {metric: value}) for team, value in published.items()
    ]
    board = rank(RankingRule("best_score", (metric,), {metric: direction}), reversed(entries))
    assert [(p.place, p.team, p.total) for p in board if p.place] == [
        (place, team, value) for place, (team, value) in enumerate(published.items(), start=1)
    ]
    assert [(p.team, p.place, p.status) for p in board if not p.place] == [
        (team, None, "N.S.") for team in sorted(absent)
    ]


GENERATION = RankingRule(
    "mean_of",
    ("quantitative", "qualitative"),
    {"fid": "lower", "diversity": "higher", "jury": "higher"},
    derived=(
        DerivedSpec("fid_score", "one_minus_over_worst", ("fid",)),
        DerivedSpec("quantitative", "mean", ("diversity", "fid_score")),
        DerivedSpec("qualitative", "divide", ("jury",), 20),
    ),
)


def test_the_2021_formula_by_hand():
    entries = [
        RankingEntry("a", {"fid": 50.0, "diversity": 0.6, "jury": 13.0}),
        RankingEntry("b", {"fid": 100.0, "diversity": 0.8, "jury": 8.0}),
        RankingEntry("submitted nothing", None, datetime(2022, 2, 13, tzinfo=UTC)),
    ]
    board = rank(GENERATION, entries)
    # a: FID score 0.5, quantitative 0.55, jury 0.65, mean 0.6; b: 0, 0.4, 0.4, 0.4.
    assert [p.team for p in board] == ["a", "b", "submitted nothing"]
    assert board[0].total == pytest.approx(0.6)
    assert board[1].total == pytest.approx(0.4)
    assert board[0].scores["fid_score"] == pytest.approx(0.5)
    assert board[0].scores["quantitative"] == pytest.approx(0.55)
    assert board[1].scores["fid_score"] == 0.0
    assert board[2].place is None


def test_the_worst_fid_counts_only_those_ranked():
    entries = [
        RankingEntry("a", {"fid": 50.0, "diversity": 0.6, "jury": 13.0}),
        RankingEntry("b", {"fid": 100.0, "diversity": 0.8, "jury": 8.0}),
        RankingEntry("b", {"fid": 900.0, "diversity": 0.8, "jury": 8.0}, status="superseded"),
        RankingEntry("left", {"fid": 800.0, "diversity": 0.8, "jury": 8.0}, status="excluded"),
    ]
    assert rank(GENERATION, entries)[0].scores["fid_score"] == pytest.approx(0.5)

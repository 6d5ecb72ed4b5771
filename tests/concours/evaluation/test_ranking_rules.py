"""Each rule, tie and missing value, worked out by hand."""

import itertools
import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from concours.evaluation.ranking import (
    DuplicateTeamError,
    RankingEntry,
    arrival_order,
    rank,
    rank_rows,
    rank_whole,
    stand,
)
from concours.evaluation.ranking_rule import RankingRule, RuleError
from concours.questions.schema import DerivedSpec

NOON = datetime(2019, 10, 13, 10, 0, tzinfo=UTC)
AUC = RankingRule("best_score", ("auc",), {"auc": "higher"})
SUM = RankingRule("rank_sum", ("dice", "mse"), {"dice": "higher", "mse": "lower"}, tie_break=("dice", "submitted_at"))


def places(rule, entries):
    return {placing.team: placing.place for placing in rank(rule, entries)}


@pytest.mark.parametrize(
    ("ties", "expected"),
    [("min", [1, 1, 3]), ("max", [2, 2, 3]), ("average", [1.5, 1.5, 3]), ("dense", [1, 1, 2])],
)
def test_equal_scores_share_a_place_as_the_question_says(ties, expected):
    rule = RankingRule("best_score", ("auc",), {"auc": "higher"}, ties=ties)
    board = rank(
        rule, [RankingEntry("a", {"auc": 0.9}), RankingEntry("b", {"auc": 0.9}), RankingEntry("c", {"auc": 0.8})]
    )
    assert [placing.place for placing in board] == expected
    assert [placing.ranks["auc"] for placing in board] == expected


def test_scores_equal_to_the_printed_digits_but_not_by_value_are_no_tie():
    high = math.nextafter(0.9, 1)
    assert places(AUC, [RankingEntry("a", {"auc": 0.9}), RankingEntry("b", {"auc": high})]) == {"b": 1, "a": 2}


def test_lower_is_better_where_the_metric_says_so():
    rule = RankingRule("best_score", ("mse",), {"mse": "lower"})
    assert places(rule, [RankingEntry("a", {"mse": 3.8}), RankingEntry("b", {"mse": 3.04})]) == {"b": 1, "a": 2}


def test_equal_rank_sums_go_to_the_better_dice_and_then_to_the_earlier_submission():
    entries = [
        RankingEntry("late", {"dice": 0.9, "mse": 5}, NOON + timedelta(minutes=1)),
        RankingEntry("early", {"dice": 0.9, "mse": 5}, NOON),
        RankingEntry("exact surfaces", {"dice": 0.8, "mse": 1}, NOON - timedelta(hours=1)),
    ]
    board = rank(SUM, entries)
    # Ranks of Dice are 1, 1, 3 and of MSE 2, 2, 1: sums 3, 3, 4.
    assert [(p.place, p.team, p.total) for p in board] == [(1, "early", 3), (2, "late", 3), (3, "exact surfaces", 4)]


def test_the_tie_break_is_asked_only_where_totals_are_equal():
    entries = [
        RankingEntry("x", {"dice": 0.95, "mse": 9}),
        RankingEntry("y", {"dice": 0.9, "mse": 1}),
        RankingEntry("z", {"dice": 0.8, "mse": 2}),
    ]
    # x: 1 + 3 = 4, y: 2 + 1 = 3, z: 3 + 2 = 5; the best Dice does not win.
    assert places(SUM, entries) == {"y": 1, "x": 2, "z": 3}


def test_submissions_of_the_same_moment_stay_tied():
    same = NOON.astimezone(tz=None)
    assert places(
        SUM, [RankingEntry("a", {"dice": 1, "mse": 0}, NOON), RankingEntry("b", {"dice": 1, "mse": 0}, same)]
    ) == {
        "a": 1,
        "b": 1,
    }


def test_a_submission_without_a_time_is_later_than_all():
    assert arrival_order([None, NOON, NOON - timedelta(1), NOON.replace(tzinfo=None)]).tolist() == [2, 1, 0, 1]


def test_missing_scores_share_the_worst_rank():
    entries = [
        RankingEntry("a", {"dice": 0.9, "mse": None}),
        RankingEntry("b", {"dice": 0.8, "mse": float("nan")}),
        RankingEntry("c", {"dice": 0.7, "mse": 3}),
    ]
    ranks = {p.team: dict(p.ranks) for p in rank(SUM, entries)}
    assert ranks == {"a": {"dice": 1, "mse": 2}, "b": {"dice": 2, "mse": 2}, "c": {"dice": 3, "mse": 1}}


def test_an_infinite_score_never_wins():
    assert places(AUC, [RankingEntry("a", {"auc": math.inf}), RankingEntry("b", {"auc": 0.1})]) == {"b": 1, "a": None}


@pytest.mark.parametrize("scores", [None, {}, {"auc": None}, {"auc": math.nan}])
def test_nothing_submitted_is_listed_without_a_place(scores):
    board = rank(AUC, [RankingEntry("absent", scores), RankingEntry("b", {"auc": 0.1})])
    assert [(p.team, p.place, p.status, p.total) for p in board] == [
        ("b", 1, "ranked", 0.1),
        ("absent", None, "N.S.", None),
    ]


def test_teams_whose_total_cannot_be_computed_share_the_last_place_without_a_tie_break():
    rule = RankingRule("mean_of", ("q", "jury"), {"q": "higher", "jury": "higher"}, tie_break=("q", "submitted_at"))
    entries = [
        RankingEntry("a", {"q": 0.9, "jury": None}, NOON),
        RankingEntry("b", {"q": None, "jury": 1}, NOON + timedelta(1)),
        RankingEntry("c", {"q": 0, "jury": 0}),
    ]
    assert places(rule, entries) == {"c": 1, "a": 2, "b": 2}
    assert rank(rule, entries)[1].total is None


def test_baselines_superseded_and_excluded_never_shift_a_rank_and_the_set_is_published():
    entries = [
        RankingEntry("a", {"dice": 0.9, "mse": 2}),
        RankingEntry("b", {"dice": 0.8, "mse": 1}),
        RankingEntry("nnU-Net", {"dice": 0.99, "mse": 1.5}, baseline=True),
        RankingEntry("a", {"dice": 0.85, "mse": 1.2}, status="superseded"),
        RankingEntry("cheat", {"dice": 1.0, "mse": 0.0}, status="excluded"),
        RankingEntry("gone"),
    ]
    whole = rank_whole(SUM, entries)
    assert whole.ranked_set == ("a", "b")
    assert whole.left_out == (("a", "superseded"), ("cheat", "excluded"), ("gone", "N.S."), ("nnU-Net", "baseline"))
    lines = [(p.team, p.place, p.status, dict(p.ranks)) for p in whole.placings]
    assert lines == [
        ("a", 1, "ranked", {"dice": 1, "mse": 2}),
        ("b", 2, "ranked", {"dice": 2, "mse": 1}),
        ("gone", None, "N.S.", {}),
        ("cheat", None, "excluded", {}),
        ("nnU-Net", None, "baseline", {}),
    ]


def test_a_team_that_stands_twice_is_refused():
    with pytest.raises(DuplicateTeamError, match="superseded"):
        rank(AUC, [RankingEntry("a", {"auc": 0.1}), RankingEntry("a", {"auc": 0.2})])


def test_rank_mean_is_the_rank_sum_over_the_number_of_scores():
    rule = RankingRule("rank_mean", ("dice", "mse"), SUM.directions)
    board = rank(
        rule,
        [
            RankingEntry("a", {"dice": 0.9, "mse": 2}),
            RankingEntry("b", {"dice": 0.8, "mse": 3}),
            RankingEntry("c", {"dice": 0.7, "mse": 1}),
        ],
    )
    assert {p.team: p.total for p in board} == {"a": 1.5, "b": 2.5, "c": 2}


def test_weighted_rank_sums_tie_as_on_paper():
    rule = RankingRule("rank_sum", ("x", "y"), {"x": "lower", "y": "lower"}, weights={"x": 0.7, "y": 1.4})
    entries = [
        RankingEntry("a", {"x": 1, "y": 2}),
        RankingEntry("b", {"x": 3, "y": 1}),
        RankingEntry("c", {"x": 2, "y": 3}),
    ]
    assert 0.7 * 1 + 1.4 * 2 != 0.7 * 3 + 1.4 * 1  # binary fractions would have made a winner
    assert places(rule, entries) == {"a": 1, "b": 1, "c": 3}
    assert rank(rule, entries)[0].total == 3.5


def test_weighted_scores_are_added_up():
    rule = RankingRule(
        "weighted", ("tear", "side"), {"tear": "higher", "side": "higher"}, weights={"tear": 0.4, "side": 0.6}
    )
    board = rank(rule, [RankingEntry("a", {"tear": 1.0, "side": 0.5}), RankingEntry("b", {"tear": 0.5, "side": 1.0})])
    assert [(p.team, p.total) for p in board] == [("b", pytest.approx(0.8)), ("a", pytest.approx(0.7))]


def test_totals_do_not_depend_on_which_score_holds_which_value():
    rule = RankingRule("mean_of", ("x", "y", "z"), dict.fromkeys("xyz", "higher"))
    entries = [
        RankingEntry("".join(map(str, order)), dict(zip("xyz", order, strict=True)))
        for order in itertools.permutations((0.1, 0.2, 0.3))
    ]
    assert {p.place for p in rank(rule, entries)} == {1}


def test_errors_relative_to_the_worst_contestant_ignore_baselines():
    rule = RankingRule(
        "best_score",
        ("fid_score",),
        {"fid": "lower"},
        derived=(DerivedSpec("fid_score", "one_minus_over_worst", ("fid",)),),
    )
    board = rank(
        rule,
        [
            RankingEntry("a", {"fid": 20.0}),
            RankingEntry("b", {"fid": 80.0}),
            RankingEntry("noise", {"fid": 400.0}, baseline=True),
        ],
    )
    assert [(p.team, p.total) for p in board if p.place] == [("a", 0.75), ("b", 0.0)]


def test_all_errors_zero_is_a_perfect_normalised_score():
    rule = RankingRule(
        "best_score", ("s",), {"fid": "lower"}, derived=(DerivedSpec("s", "one_minus_over_worst", ("fid",)),)
    )
    assert rank(rule, [RankingEntry("a", {"fid": 0.0})])[0].total == 1.0


@pytest.mark.parametrize(
    "broken",
    [
        {"rule": "votes"},
        {"ties": "coin"},
        {"by": ()},
        {"by": ("dice", "dice")},
        {"by": ("dice", "unknown")},
        {"rule": "best_score"},
        {"rule": "weighted"},
        {"rule": "mean_of"},
        {"weights": {"dice": -1.0}},
        {"weights": {"other": 1.0}},
        {"tie_break": ("unknown",)},
        {"directions": {"dice": "up", "mse": "lower"}},
        {"derived": (DerivedSpec("dice", "one_minus", ("mse",)),)},
        {"derived": (DerivedSpec("p", "one_minus", ("q",)), DerivedSpec("q", "one_minus", ("dice",)))},
        {"derived": (DerivedSpec("m", "mean", ("dice", "mse")),), "by": ("m",)},
        {"derived": (DerivedSpec("w", "one_minus_over_worst", ("dice",)),), "by": ("w",)},
        {"derived": (DerivedSpec("w", "divide", ("dice",), 0.0),)},
        {"derived": (DerivedSpec("w", "square", ("dice",)),)},
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(broken):
    sound = {"rule": "rank_sum", "by": ("dice", "mse"), "directions": {"dice": "higher", "mse": "lower"}}
    RankingRule(**sound)
    with pytest.raises(RuleError):
        RankingRule(**{**sound, **broken})


score = st.one_of(st.none(), st.just(math.nan), st.integers(0, 4).map(float))
tables = st.lists(st.tuples(score, score, st.integers(0, 3)), min_size=1, max_size=8)


@settings(max_examples=150, deadline=None)
@given(tables, st.randoms(use_true_random=False), st.sampled_from(["min", "average", "max", "dense"]))
def test_order_of_entries_changes_nothing(rows, random, ties):
    rule = RankingRule("rank_sum", SUM.by, SUM.directions, ties=ties, tie_break=SUM.tie_break)
    entries = [
        RankingEntry(f"team {i}", {"dice": d, "mse": m}, NOON + timedelta(minutes=t))
        for i, (d, m, t) in enumerate(rows)
    ]
    shuffled = list(entries)
    random.shuffle(shuffled)
    assert rank(rule, shuffled) == rank(rule, entries)


@settings(max_examples=150, deadline=None)
@given(tables)
def test_a_better_score_never_costs_a_place(rows):
    entries = [RankingEntry(f"team {i}", {"dice": d, "mse": m}, NOON) for i, (d, m, _) in enumerate(rows)]
    entries.append(RankingEntry("us", {"dice": 1.0, "mse": 3.0}, NOON))
    before = places(SUM, entries)["us"]
    after = places(SUM, [*entries[:-1], RankingEntry("us", {"dice": 2.0, "mse": 3.0}, NOON)])["us"]
    assert after <= before


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), min_size=6, max_size=6), min_size=1, max_size=5))
def test_ranks_of_rows_equal_scipys(rows):
    keys = np.array(rows, dtype=float)
    for ties in ("min", "average", "max", "dense"):
        assert np.array_equal(rank_rows(keys, ties), rankdata(keys, method=ties, axis=-1))


def test_a_thousand_tables_are_ranked_as_each_alone():
    rng = np.random.default_rng(3)
    tables = {"dice": rng.integers(0, 5, (200, 6)) / 4, "mse": rng.integers(0, 5, (200, 6)).astype(float)}
    tables["dice"][rng.random((200, 6)) < 0.1] = np.nan
    arrival = np.array([3, 1, 2, 2, 0, 4])
    together = stand(SUM, tables, arrival)
    for row in range(0, 200, 20):
        alone = stand(SUM, {name: values[row : row + 1] for name, values in tables.items()}, arrival)
        assert np.array_equal(together.places[row], alone.places[0])
        assert np.array_equal(together.totals[row], alone.totals[0])


@pytest.mark.parametrize(
    ("how", "scores_in", "expected"),
    [
        ("one_minus_over_worst", [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]),
        ("one_minus_over_worst", [5.0], [0.0]),
        ("one_minus_over_worst", [0.0], [1.0]),
        ("one_minus_over_worst", [2.0, 4.0, None], [0.5, 0.0, None]),
        ("one_minus", [0.25, 3.0, None], [0.75, -2.0, None]),
        ("divide", [10.0, 0.0, None], [0.5, 0.0, None]),
    ],
)
def test_a_derived_score_at_its_edges(how: str, scores_in: list[float | None], expected: list[float | None]) -> None:
    """The table of docs/question-files.md."""
    rule = RankingRule("best_score", ("s",), {"x": "lower"}, derived=(DerivedSpec("s", how, ("x",), 20.0),))  # type: ignore[arg-type]
    entries = [RankingEntry(f"t{index}", {"x": value, "other": 1.0}) for index, value in enumerate(scores_in)]
    scores = {placing.team: placing.scores["s"] for placing in rank(rule, entries)}
    assert [scores[f"t{index}"] for index in range(len(scores_in))] == pytest.approx(expected)


def test_a_mean_lacks_a_value_as_soon_as_one_of_its_parts_does() -> None:
    rule = RankingRule(
        "best_score", ("s",), {"x": "higher", "y": "higher"}, derived=(DerivedSpec("s", "mean", ("x", "y")),)
    )
    entries = [RankingEntry("whole", {"x": 1.0, "y": 0.5}), RankingEntry("half", {"x": 1.0, "y": None})]
    assert {entry.team: (entry.place, entry.scores["s"]) for entry in rank(rule, entries)} == {
        "whole": (1, 0.75),
        "half": (2, None),
    }


def test_an_undefined_score_shares_the_worst_rank_or_the_last_place() -> None:
    """What the question's page says of null."""
    directions = {"x": "higher", "y": "higher"}
    by_ranks = RankingRule("rank_sum", ("x", "y"), directions)
    entries = [RankingEntry("a", {"x": 0.9, "y": 0.1}), RankingEntry("b", {"x": None, "y": 0.9})]
    entries += [RankingEntry("c", {"x": None, "y": 0.5}), RankingEntry("d", {"x": 0.0, "y": 0.2})]
    assert {entry.team: entry.ranks["x"] for entry in rank(by_ranks, entries)} == {"a": 1, "d": 2, "b": 3, "c": 3}
    by_score = RankingRule("best_score", ("x",), directions, tie_break=("submitted_at",))
    assert {entry.team: entry.place for entry in rank(by_score, entries)} == {"a": 1, "d": 2, "b": 3, "c": 3}

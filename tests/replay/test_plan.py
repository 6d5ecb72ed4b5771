"""The counts of a replay: the published ones at scale 1, and at any scale enough for the published results."""

from __future__ import annotations

from collections import Counter

import pytest

from demo.predictions import probabilities_with_auc
from replay import sfr2019
from replay.compare import Comparison, equal
from replay.people import professions_of_teams
from replay.plan import apportion, read_published

PUBLISHED = read_published("sfr2019")


def test_at_scale_one_every_count_is_the_published_one() -> None:
    for name, plan in sfr2019.plans(PUBLISHED, 1.0).items():
        figures = PUBLISHED["questions"][name]
        assert plan.centres == figures["centres"]
        assert plan.sets == figures["sets"]
        assert plan.received == figures["received"] == sum(figures["centres"].values())
        assert sum(plan.broken.values()) == plan.received - plan.included
    assert sum(plan.received for plan in sfr2019.plans(PUBLISHED, 1.0).values()) == 4262


def test_at_scale_one_the_centres_are_24_and_the_exams_as_many_as_planned() -> None:
    for base, plan in enumerate(sfr2019.plans(PUBLISHED, 1.0).values(), start=1):
        orders = list(sfr2019.orders(plan, base))
        assert Counter(order.centre for order in orders) == plan.centres
        assert len({order.seed for order in orders}) == len(orders)
        not_kept = [order for order in orders if order.flaw or order.grade == "D"]
        assert Counter(order.centre for order in not_kept) == {c: n for c, n in plan.broken.items() if n}
    centres = {centre for figures in PUBLISHED["questions"].values() for centre in figures["centres"]}
    assert len(centres) == 24


@pytest.mark.parametrize("scale", [0.001, 0.02, 0.1, 0.25])
def test_a_small_scale_keeps_every_centre_and_the_best_one(scale: float) -> None:
    for name, plan in sfr2019.plans(PUBLISHED, scale).items():
        figures = PUBLISHED["questions"][name]
        assert set(plan.centres) == set(figures["centres"]) and min(plan.centres.values()) >= 1
        included = {centre: count - plan.broken[centre] for centre, count in plan.centres.items()}
        most = max(included.values())
        assert [centre for centre, count in included.items() if count == most] == [figures["best_centre"]]


@pytest.mark.parametrize("abnormal", range(18, 31))
def test_every_published_auc_exists_on_the_smallest_test_set(abnormal: int) -> None:
    cases = {f"case {n}": n < abnormal for n in range(sfr2019.FLOORS["nodules"]["test"])}
    for auc in PUBLISHED["questions"]["nodules"]["results"].values():
        probabilities_with_auc(cases, auc)


def test_143_people_are_in_20_teams_that_meet_every_rule() -> None:
    plans = list(sfr2019.team_plans(PUBLISHED))
    names = list(dict.fromkeys(plan.name for plan in plans))
    first = ("radiologist", "engineer", "researcher")
    dealt = professions_of_teams(names, PUBLISHED["professions"], first, PUBLISHED["largest_team"])
    sizes = [len(people) for people in dealt.values()]
    assert len(dealt) == PUBLISHED["teams"] and sum(sizes) == PUBLISHED["people"]
    assert (min(sizes), max(sizes)) == (PUBLISHED["smallest_team"], PUBLISHED["largest_team"])
    assert Counter(entry for people in dealt.values() for entry in people) == PUBLISHED["professions"]
    assert all(set(first) <= set(people) for people in dealt.values())


def test_shares_add_up_and_follow_the_weights() -> None:
    assert apportion(10, {"a": 1, "b": 1, "c": 1}) == {"a": 4, "b": 3, "c": 3}
    assert apportion(5, {"a": 97, "b": 1, "c": 2}, least=1) == {"a": 3, "b": 1, "c": 1}
    assert (
        apportion(13, {"a": 33, "b": 21, "c": 16, "d": 11, "e": 6, "f": 4, "g": 4, "h": 2, "i": 1, "j": 1}, 1)["a"] == 3
    )
    assert apportion(0, {"a": 1}) == {"a": 0}


def test_a_table_differs_in_a_cell_a_missing_row_and_a_row_too_many() -> None:
    table = Comparison("T", {"a": {"n": 1, "x": "3.80"}, "b": {"n": 2}}, {"a": {"n": 1, "x": "3.8"}, "c": {"n": 2}})
    assert table.differences() == ["T: c: not published", "T: b: missing"]
    assert Comparison("T", {"a": {"n": 1}}, {"a": {"n": 2}}).differences() == ["T: a: n: published 1, ours 2"]
    assert equal(None, "") and equal(3.8, "3.80") and not equal("N.S.", "") and not equal(0, "")

"""The draw of sets: whole patients, sizes as asked, balanced strata, from a seed and in no order."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batches.stratify import StratifiedExam, balance, digest, draw, quartile_bins, set_sizes

CENTRES = ("nord", "port", "sud")


@st.composite
def cohorts(draw_: st.DrawFn, most: int = 24, largest: int = 4) -> list[StratifiedExam]:
    """Patients with one to `largest` exams each, of some centre and label."""
    members = []
    for patient in range(draw_(st.integers(1, most))):
        centre = draw_(st.sampled_from(CENTRES))
        for exam in range(draw_(st.integers(1, largest))):
            members.append(StratifiedExam(f"p{patient}e{exam}", f"p{patient}", (centre, draw_(st.sampled_from("01")))))
    return members


SIZES = st.dictionaries(st.sampled_from(["training", "validation", "test"]), st.integers(0, 20), min_size=1)


@given(cohorts(), SIZES, st.integers())
def test_patients_never_cross(members: list[StratifiedExam], sizes: dict[str, int], seed: int) -> None:
    drawn = draw(members, sizes, seed)
    of_patient: dict[str, set[str | None]] = {}
    for member in members:
        of_patient.setdefault(member.group, set()).add(drawn.get(member.id))
    assert all(len(sets) == 1 for sets in of_patient.values())


@given(cohorts(), SIZES, st.integers())
def test_no_set_is_larger_than_asked_unless_a_patient_would_be_left_out(
    members: list[StratifiedExam], sizes: dict[str, int], seed: int
) -> None:
    drawn = draw(members, sizes, seed)
    counts = Counter(drawn.values())
    assert set(counts) <= set(sizes)
    if sum(sizes.values()) >= len(members):
        assert len(drawn) == len(members)
    else:
        assert all(counts[name] <= size for name, size in sizes.items())


def test_shares_that_patients_cannot_meet_leave_nobody_out() -> None:
    """Three patients of two exams in two halves of three: one half has four."""
    members = [StratifiedExam(f"{p}-{e}", str(p), ()) for p in range(3) for e in range(2)]
    counts = Counter(draw(members, {"training": 3, "test": 3}, 1).values())
    assert sorted(counts.values()) == [2, 4]


def test_many_patients_of_several_exams_are_placed_soon() -> None:
    members = [StratifiedExam(f"{p}-{e}", str(p), (CENTRES[p % 3],)) for p in range(700) for e in range(2 + p % 3)]
    sizes = {"training": 1000, "validation": 501, "test": 499}
    assert Counter(draw(members, sizes, 1).values()) == sizes


@given(cohorts(largest=1), st.data())
def test_sizes_are_exact_with_one_exam_a_patient(members: list[StratifiedExam], data: st.DataObject) -> None:
    training = data.draw(st.integers(0, len(members)))
    test = data.draw(st.integers(0, len(members) - training))
    counts = Counter(draw(members, {"training": training, "test": test}, 5).values())
    assert (counts["training"], counts["test"]) == (training, test)


@settings(max_examples=60)
@given(st.lists(st.integers(1, 5), min_size=2, max_size=7), st.data())
def test_sizes_are_exact_whenever_whole_patients_can_fill_them(groups: list[int], data: st.DataObject) -> None:
    """The sizes are made by giving some patients to each set, so a filling exists; whichever is found must be exact."""
    homes = [data.draw(st.sampled_from(["training", "validation", "test", ""])) for _ in groups]
    sizes = {name: sum(g for g, h in zip(groups, homes, strict=True) if h == name)
             for name in ("training", "validation", "test")}  # fmt: skip
    members = [StratifiedExam(f"p{p}e{e}", f"p{p}", ("x",)) for p, count in enumerate(groups) for e in range(count)]
    counts = Counter(draw(members, sizes, 7).values())
    assert {name: counts[name] for name in sizes} == sizes


def test_a_large_patient_goes_where_the_sum_comes_out() -> None:
    """Patients of 4, 3 and 2 exams fill sets of 5 and 4 in one way only."""
    members = [StratifiedExam(f"{p}-{e}", str(p), ()) for p in (4, 3, 2) for e in range(p)]
    counts = Counter(draw(members, {"training": 5, "test": 4}, 1).values())
    assert counts == {"training": 5, "test": 4}


@given(cohorts(largest=1), st.integers(0, 99))
def test_strata_are_spread_as_evenly_as_whole_exams_allow(members: list[StratifiedExam], seed: int) -> None:
    """Each set's share of each stratum differs from its exact share by less than one exam."""
    sizes = set_sizes(len(members), {}, {"training": 0.5, "validation": 0.25, "test": 0.25})
    drawn = draw(members, sizes, seed)
    frequency = Counter(member.stratum for member in members)
    inside = Counter((drawn[member.id], member.stratum) for member in members)
    for (name, size), (stratum, count) in itertools.product(sizes.items(), frequency.items()):
        assert abs(inside[name, stratum] - size * count / len(members)) < 1


@given(cohorts(), st.permutations(range(96)), st.integers())
def test_the_order_of_arrival_does_not_matter(members: list[StratifiedExam], order: list[int], seed: int) -> None:
    sizes = set_sizes(len(members), {}, {"training": 0.6, "test": 0.4})
    shuffled = [members[place] for place in order if place < len(members)]
    assert draw(members, sizes, seed) == draw(shuffled, sizes, seed)


def test_the_same_seed_is_the_same_split_and_another_is_another() -> None:
    members = [StratifiedExam(str(n), f"p{n}", (CENTRES[n % 3],)) for n in range(60)]
    sizes = {"training": 30, "test": 30}
    assert digest(draw(members, sizes, 2019)) == digest(draw(members, sizes, 2019))
    assert len({digest(draw(members, sizes, seed)) for seed in range(20)}) == 20


def test_nobody_can_foretell_the_set_from_the_patients_number() -> None:
    """Over many seeds each exam is in the test set about as often as the test set is large."""
    members = [StratifiedExam(str(n), f"p{n}", ()) for n in range(20)]
    often = Counter(
        exam for seed in range(400) for exam, name in draw(members, {"training": 15, "test": 5}, seed).items()
        if name == "test"
    )  # fmt: skip
    assert all(60 <= often[str(n)] <= 140 for n in range(20))


@pytest.mark.parametrize(
    ("received", "sizes"),
    [
        (1525, {"training": 513, "validation": 512, "test": 500}),  # sarcopenia
        (1031, {"training": 343, "validation": 344, "test": 344}),  # nodules
        (1461, {"training": 480, "validation": 498, "test": 483}),  # MS
        (92, {"batch-1": 30, "batch-2": 30, "batch-3": 32}),  # liver
    ],
)
def test_the_published_tables_come_out(received: int, sizes: dict[str, int]) -> None:
    members = [StratifiedExam(str(n), f"p{n}", (CENTRES[n % 7 % 3], "01"[n % 5 // 4])) for n in range(received)]
    assert set_sizes(received, sizes, {}) == sizes
    assert Counter(draw(members, sizes, 2019).values()) == sizes


@given(st.integers(0, 400), st.lists(st.integers(1, 99), min_size=1, max_size=5))
def test_too_few_exams_are_shared_out_in_proportion(count: int, address: list[int]) -> None:
    sizes = {f"set-{n}": size for n, size in enumerate(address)}
    given_ = set_sizes(count, sizes, {})
    if count >= sum(address):
        assert given_ == sizes
        return
    assert sum(given_.values()) == count
    assert all(abs(given_[name] - size * count / sum(address)) < 1 for name, size in sizes.items())


def test_shares_use_every_exam() -> None:
    assert set_sizes(10, {}, {"training": 0.6, "validation": 0.2, "test": 0.2}) == {
        "training": 6, "validation": 2, "test": 2,
    }  # fmt: skip
    assert sum(set_sizes(7, {}, {"training": 0.6, "validation": 0.2, "test": 0.2}).values()) == 7


def test_quartiles_of_a_continuous_label() -> None:
    bins = quartile_bins({str(n): float(n) for n in range(40)})
    assert Counter(bins.values()) == {"q1": 10, "q2": 10, "q3": 10, "q4": 10}
    assert quartile_bins({}) == {}


def test_the_balance_counts_what_was_left_out() -> None:
    members = [StratifiedExam(str(n), f"p{n}", ("nord",)) for n in range(5)]
    table = balance(members, draw(members, {"training": 2, "test": 1}, 3))
    assert table == {"none": {"nord": 2}, "test": {"nord": 1}, "training": {"nord": 2}}

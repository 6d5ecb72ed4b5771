"""Run lengths as text and as packed bits: one mask whichever way it is written."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from concours.formats.fault import FormatError
from concours.formats.mask import Mask
from concours.formats.runs import Runs, bits_of_runs, format_runs, join, parse_runs, runs_of_bits, split_rows

MASKS = st.tuples(st.integers(0, 2**32), st.integers(1, 400), st.floats(0, 1)).map(
    lambda t: np.random.default_rng(t[0]).random(t[1]) < t[2]
)


@settings(max_examples=200, deadline=None)
@given(MASKS, st.sampled_from([0, 1]))
def test_runs_bits_and_text_are_the_same_mask(mask: NDArray[np.bool_], base: int) -> None:
    bits = np.packbits(mask, bitorder="little")
    runs = runs_of_bits(bits, mask.size)
    assert runs.covered == mask.sum()
    assert (bits_of_runs(runs, mask.size) == bits).all()
    text = format_runs(runs, base)
    back = parse_runs(text, mask.size, base)
    assert (back.starts == runs.starts).all() and (back.ends == runs.ends).all()
    pieces = split_rows(runs, 7)
    assert (pieces.starts // 7 == (pieces.ends - 1) // 7).all()
    again = join(*pieces)
    assert (again.starts == runs.starts).all() and (again.ends == runs.ends).all()


@settings(max_examples=100, deadline=None)
@given(MASKS, st.randoms())
def test_order_and_cuts_of_runs_do_not_matter(mask: NDArray[np.bool_], random: object) -> None:
    runs = runs_of_bits(np.packbits(mask, bitorder="little"), mask.size)
    pieces = list(zip(*(p.tolist() for p in split_rows(runs, 5)), strict=True))
    random.shuffle(pieces)  # type: ignore[attr-defined]
    back = parse_runs(" ".join(f"{s + 1} {e - s}" for s, e in pieces), mask.size, 1)
    assert (back.starts == runs.starts).all() and (back.ends == runs.ends).all()


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("0123456789 -.,ex\n"), max_size=40), st.sampled_from([0, 1]))
def test_any_text_is_runs_inside_the_mask_or_refused(text: str, base: int) -> None:
    try:
        runs = parse_runs(text, 100, base)
    except FormatError as error:
        assert {f.reason for f in error.faults} <= {"rle_malformed", "rle_overlap", "rle_out_of_bounds"}
    else:
        Mask.from_wire(Mask((100,), runs=runs).to_wire())


def test_the_two_orders_by_hand() -> None:
    array = np.array([[0, 1, 1], [0, 0, 1]], bool)
    rows = parse_runs("2 2 6 1", 6, 1)
    columns = parse_runs("2 1 4 2", 6, 0)
    assert (Mask((2, 3), "C", runs=rows).dense() == array).all()
    assert (Mask((2, 3), "F", runs=columns).dense() == array).all()


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_an_empty_text_is_an_empty_mask(text: str) -> None:
    assert Mask((2, 3), runs=parse_runs(text, 6, 1)).count == 0


@pytest.mark.parametrize(
    ("text", "reason", "words"),
    [
        ("1 2 3", "rle_malformed", "3 numbers"),
        ("1 x", "rle_malformed", "'x'"),
        ("1 2 5 0", "rle_malformed", "run 2 has length 0"),
        ("0 2", "rle_out_of_bounds", "run 1 (0 2) exceeds the mask of 6 voxels, counted from 1"),
        ("1 2 6 2", "rle_out_of_bounds", "run 2 (6 2)"),
        ("3 2 1 3", "rle_overlap", "the run at 3"),
    ],
)
def test_what_is_wrong_is_said(text: str, reason: str, words: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse_runs(text, 6, 1, "id 007")
    fault = caught.value.faults[0]
    assert fault.reason == reason
    assert fault.message.startswith("id 007: ") and words in fault.message


def test_a_wire_that_lies_is_refused() -> None:
    good = Mask((4, 5), runs=Runs(np.array([1, 8]), np.array([3, 12]))).to_wire()
    Mask.from_wire(good)
    for wrong in (
        {"ends": np.array([3, 21])},
        {"starts": np.array([-1, 8])},
        {"starts": np.array([2, 1])},
        {"ends": np.array([8, 12])},
        {"starts": np.array([1.0, 8.0])},
        {"order": "X"},
        {"shape": [0, 5]},
        {"spacing": [1.0, float("nan")]},
        {"bits": np.zeros(99, np.uint8)},
    ):
        with pytest.raises(ValueError):  # noqa: PT011  (each says something else)
            Mask.from_wire(good | wrong)

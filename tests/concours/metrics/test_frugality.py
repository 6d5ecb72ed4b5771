"""Frugality: what was measured counts, what was declared is compared with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concours import metrics

frugality = metrics.find("frugality")
sizes = st.floats(1, 1e9)


def test_by_hand() -> None:
    score = frugality({"parameters": 4e6, "seconds": [1.0, 3.0]}, {"parameters": 4e6, "seconds": 5.0})
    assert score.value == pytest.approx(0.5 * 4 + 0.5 * 2)
    assert score.details["differs"] == ["seconds"]
    weighted = frugality({"parameters": 4e6, "seconds": 2.0}, {}, size_weight=0.25, reference_seconds=4.0)
    assert weighted.value == pytest.approx(0.25 * 4 + 0.75 * 0.5)


def test_declared_counts_where_nothing_was_measured_and_nothing_at_all_is_undefined() -> None:
    assert frugality({"seconds": 1.0}, {"parameters": 1e6}).value == 1.0
    assert frugality({"seconds": 1.0}, {}).reason == "missing_value"
    assert frugality({"seconds": [1.0, float("nan")], "parameters": 1}, {}).reason == "missing_value"


@given(sizes, sizes)
def test_a_larger_network_is_never_more_frugal(entry: float, other: float) -> None:
    scores = [frugality({"parameters": size, "seconds": 1.0}, {}).value for size in sorted((entry, other))]
    assert scores[0] <= scores[1]


def test_negative_sizes_and_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        frugality({"parameters": -1, "seconds": 1}, {})
    with pytest.raises(ValueError, match="weight"):
        frugality({"parameters": 1, "seconds": 1}, {}, size_weight=2.0)

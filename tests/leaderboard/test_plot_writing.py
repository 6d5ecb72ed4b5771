"""Numbers and names in pictures are written as the reader's language writes them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from leaderboard.plots.dot_interval import dot_interval
from leaderboard.plots.rank_distribution import rank_distribution
from leaderboard.plots.writing import Writing, written_as

FRENCH = Writing(",", "\u00a0: ", "; ")
TEAMS = ["Owls", "Cats"]


def drawn() -> str:
    values, intervals = np.array([0.9, 0.75]), np.array([[0.86, 0.93], [0.7, 0.8]])
    scores = dot_interval(TEAMS, values, intervals, title="AUC", description="Scores", label="AUC", digits=3)
    shares = np.array([[0.985, 0.015], [0.015, 0.985]])
    return scores + rank_distribution(
        TEAMS, shares, np.array([1.0, 2.0]), title="Places", description="Places", label="Place"
    )


def words_of(svg: str) -> list[str]:
    return re.findall(r">([^<>]+)<", svg)


@pytest.mark.parametrize(
    ("writing", "expected_words"),
    [
        (Writing(), {"Owls: 0.900 [0.860, 0.930]", "Owls: 1: 98.5 %"}),
        (FRENCH, {"Owls\u00a0: 0,900 [0,860; 0,930]", "Owls\u00a0: 1\u00a0: 98,5 %"}),
    ],
)
def test_titles_and_ticks(writing: Writing, expected_words: set[str]) -> None:
    with written_as(writing):
        words = words_of(drawn())
    assert expected_words <= set(words)
    other = "." if writing.decimal == "," else ","
    assert not [word for word in words if re.search(rf"\d[{other}]\d", word)]

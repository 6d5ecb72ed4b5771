"""The words of a ranking: rules, ties, derived scores. What each one does stands in `concours.evaluation`."""

from __future__ import annotations

from typing import Literal, get_args

RuleName = Literal["best_score", "rank_sum", "rank_mean", "weighted", "mean_of"]
Ties = Literal["min", "average", "max", "dense"]
How = Literal["one_minus_over_worst", "one_minus", "divide", "mean"]
RULES: tuple[RuleName, ...] = get_args(RuleName)
TIES: tuple[Ties, ...] = get_args(Ties)
HOWS: tuple[How, ...] = get_args(How)
ONE_SCORE: RuleName = "best_score"  # the only rule whose total is a score itself
RANK_RULES: tuple[RuleName, ...] = ("rank_sum", "rank_mean")
SUBMITTED_AT = "submitted_at"  # the last link of a tie chain: the earlier submission
EXTERNAL = "external"  # a score that comes from outside, as a column of a table

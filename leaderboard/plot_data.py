"""What a board's pictures of single cases are drawn from: ROC curves, case strips, the plane of generated images.

For workers: it opens the sealed store and computes t-SNE. It is kept beside a ranking and outside its fingerprint: nothing
is ranked by it, and t-SNE differs in the last bits from one machine to the next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.models import Question
from concours.evaluation.evidence import case_values
from concours.evaluation.statistics.plane import choose_points, tsne_plane
from concours.evaluation.statistics.snapshot import canonical
from concours.questions.schema import QuestionSpec
from leaderboard.plots.compact import curves, strip
from scoring.chosen import Chosen
from scoring.models import Evaluation, JuryCase
from scoring.score import artefacts_of

Sides = Callable[[Evaluation], Mapping[str, NDArray[Any]]]
MOST_TEAMS = 60  # no picture shows more
MOST_OF_A_TEAM = 200
MOST_POINTS = 1600  # of all contestants: six seconds of t-SNE
EMBEDDINGS = ("real", "generated")


def case_arrays(evaluation: Evaluation) -> dict[str, NDArray[Any]]:
    """What the scores of one evaluation are made of, without its embeddings, which would fill the memory."""
    return {name: array for name, array in artefacts_of(evaluation).items() if name not in EMBEDDINGS}


def plot_data(
    question: Question,
    spec: QuestionSpec,
    ranked: Mapping[str, Chosen],
    names: Sequence[str],
    part: str,
    sides: Sides,
    earlier: Mapping[str, Any],
) -> dict[str, Any]:
    """By kind of picture, what the teams (`ranked`, in the order of the board) and scores (`names`) allow; JSON values.

    Cases of `part` alone go in. `known` is what was kept with the ranking before: a plane of the same points is taken over.
    """
    shown = dict(list(ranked.items())[:MOST_TEAMS])
    plots: dict[str, Any] = {}
    arrays = [sides(chosen.evaluation) for chosen in shown.values()]
    for name in names:
        drawn = case_values(spec, name, arrays, part)
        if drawn is None:
            continue
        if drawn.truth is None:
            plots.setdefault("cases", {})[name] = {"how": drawn.plot, **strip(list(shown), drawn.values)}
        elif 0 < drawn.truth.sum() < len(drawn.truth):
            plots.setdefault("roc", {})[name] = curves(list(shown), drawn.truth, drawn.values)
    if spec.submission.generated is not None and (points := plane_of(question, spec, shown, earlier.get("plane", {}))):
        plots["plane"] = points
    return plots


def plane_of(
    question: Question, spec: QuestionSpec, shown: Mapping[str, Chosen], earlier: Mapping[str, Any]
) -> dict[str, Any]:
    """Positions of real and generated cases; {} where the teams were not embedded alike (a new scoring is under way)."""
    evaluations = [chosen_of_team.evaluation for chosen_of_team in shown.values()]
    alike = {
        canonical([chosen_of_team.provenance["embedding"], chosen_of_team.provenance["sha256"].get("truth", "")])
        for chosen_of_team in evaluations
    }
    if len(alike) != 1:
        return {}
    jury = _jury(question, shown)
    stored = [chosen_of_team.artefacts_key for chosen_of_team in evaluations]
    of = hashlib.sha256(canonical([list(shown), stored, jury, spec.seed, MOST_OF_A_TEAM, MOST_POINTS])).hexdigest()
    if earlier.get("of") == of:
        return dict(earlier)
    most = min(MOST_OF_A_TEAM, max(1, MOST_POINTS // len(shown)))
    chosen, counts, marked = [], [], []
    for number, (team, chosen_of_team) in enumerate(shown.items()):
        arrays = artefacts_of(chosen_of_team.evaluation)
        if number == 0:
            chosen.append(_drawn(arrays["real"], [], MOST_OF_A_TEAM, spec.seed)[0])
            counts.append(len(arrays["real"]))
        points, places = _drawn(arrays["generated"], jury[team], most, spec.seed)
        marked += [sum(map(len, chosen)) + place for place in places]
        chosen.append(points)
        counts.append(len(arrays["generated"]))
    positions = tsne_plane(np.concatenate(chosen), seed=spec.seed)
    source = [number for number, points in enumerate(chosen) for _ in range(len(points))]
    return {
        "of": of,
        "teams": list(shown),
        "positions": np.round(positions, 2).tolist(),
        "source": source,  # 0: a real case; else the number of the team, from 1
        "jury": marked,
        "cases": counts,  # of each source, drawn or not
        "seed": spec.seed,
        "embedding": evaluations[0].provenance["embedding"].get("name", ""),
    }


def _jury(question: Question, shown: Mapping[str, Chosen]) -> dict[str, list[int]]:
    """By team, which of its cases the jury looks at."""
    teams = {chosen.submission.pk: team for team, chosen in shown.items()}
    by_team: dict[str, list[int]] = {team: [] for team in shown}
    cases = JuryCase.objects.filter(question=question, submission__in=list(teams)).order_by("index")
    for submission, index in cases.values_list("submission", "index"):
        by_team[teams[submission]].append(index)
    return by_team


def _drawn(
    embeddings: NDArray[Any], always: Sequence[int], most: int, seed: int
) -> tuple[NDArray[np.float64], list[int]]:
    """At most `most` cases, the jury's always among them, and where those stand now."""
    points = choose_points([0] * len(embeddings), always, most, seed)
    return np.asarray(embeddings[points], np.float64), np.searchsorted(points, np.asarray(always, int)).tolist()

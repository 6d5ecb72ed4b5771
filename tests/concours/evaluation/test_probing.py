"""Label probing: what the public scores tell stays below the stated bound, and nothing of the private part is told."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from concours.evaluation.probing import least_cases, probing_bound, told_bits
from concours.known_names import known_names
from concours.questions.schema import QuestionSpec, SpecError, load_spec
from tests.factories.questions import catalogue_text

CASES, PUBLIC = 100, 20


def prognosis(per_phase: int = 10, digits: int = 3, step: float | None = None) -> QuestionSpec:
    board = {"public_share": PUBLIC / CASES, "digits": digits, **({} if step is None else {"step": step})}
    text = catalogue_text("prognosis", {"leaderboard": board, "limits": {"per_phase": per_phase}})
    return load_spec(text, known_names())


def test_the_bound_counts_answers_digits_and_unknown_labels() -> None:
    bound = probing_bound(prognosis(), CASES)
    assert bound is not None
    assert bound.public == PUBLIC
    assert bound.unknown_bits == pytest.approx(math.log2(math.comb(CASES, PUBLIC)) + PUBLIC, abs=1e-6)
    assert bound.told_bits == pytest.approx(10 * 2 * math.log2(1002))
    assert not bound.holds
    assert 0 < bound.safe_answers < 10
    proposed = probing_bound(prognosis(bound.safe_answers, bound.safe_digits), CASES)
    assert proposed is not None and proposed.holds
    least = least_cases(prognosis())
    assert least is not None and least > CASES
    enough, fewer = (probing_bound(prognosis(), cases) for cases in (least, least - 1))
    assert enough is not None and fewer is not None
    assert enough.holds and not fewer.holds


def test_a_step_lowers_the_bound() -> None:
    assert told_bits(prognosis(10, 3, 0.05), 10, 3) < told_bits(prognosis(10, 3), 10, 3)


def test_a_step_needs_public_cases_and_a_metric() -> None:
    with pytest.raises(SpecError, match="step is above 0"):
        load_spec(catalogue_text("prognosis", {"leaderboard": {"public_share": 0, "step": 0.01}}), known_names())


def brier(truth: np.ndarray, answer: np.ndarray, chosen: np.ndarray, digits: int) -> float:
    return round(float(np.mean((answer[chosen] - truth[chosen]) ** 2)), digits)


def probe(seed: int, answers: int, digits: int, step: float | None) -> tuple[float, float]:
    """The shares of public and private labels guessed right by a prober that flips one block of cases an answer.

    A block whose flip improves the score is kept: the greedy attack that recovers a board of unlimited answers.
    """
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, 2, CASES).astype(float)
    order = draw.permutation(CASES)
    public, private = order[:PUBLIC], order[PUBLIC:]
    guess = draw.integers(0, 2, CASES).astype(float)
    shown = brier(truth, guess, public, digits)
    for _answer in range(answers - 1):
        block = draw.choice(CASES, 8, replace=False)
        tried = guess.copy()
        tried[block] = 1 - tried[block]
        score = brier(truth, tried, public, digits)
        if score < shown if step is None else shown - score >= step:
            guess, shown = tried, score
    return float(np.mean(guess[public] == truth[public])), float(np.mean(guess[private] == truth[private]))


def simulated(answers: int, step: float | None) -> tuple[float, float]:
    runs = np.array([probe(seed, answers, 3, step) for seed in range(200)])
    public, private = runs.mean(axis=0)
    return float(public), float(private)


def test_a_prober_stays_at_chance_on_the_private_part_and_below_the_bound_on_the_public_one() -> None:
    bound = probing_bound(prognosis(), CASES)
    assert bound is not None
    public, private = simulated(10, None)
    assert private == pytest.approx(0.5, abs=0.02)
    learnt = PUBLIC * (1 + public * math.log2(public) + (1 - public) * math.log2(1 - public))  # bits, by Fano
    assert 0 < learnt < bound.told_bits
    assert learnt < PUBLIC / 4, "the caps leave most of the public labels unknown"
    without_caps, still_private = simulated(1000, None)
    assert without_caps > 0.9, "the attack is a real one"
    assert still_private == pytest.approx(0.5, abs=0.02)
    assert simulated(10, 0.1)[0] <= public + 0.01, "a step tells no more"


def test_an_unlimited_question_has_no_bound_to_state() -> None:
    spec = prognosis()
    hidden = replace(spec, leaderboard=replace(spec.leaderboard, public_share=0.0))
    assert probing_bound(hidden, CASES) is None

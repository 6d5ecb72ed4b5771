"""Truth, submissions, evaluations, scores and the jury."""

from scoring.models.evaluation import CaseScore, Evaluation, Score
from scoring.models.jury import JuryCase, JuryMark, JurySession
from scoring.models.rescore import Rescore
from scoring.models.submission import Submission
from scoring.models.truth import Truth

__all__ = [
    "CaseScore",
    "Evaluation",
    "JuryCase",
    "JuryMark",
    "JurySession",
    "Rescore",
    "Score",
    "Submission",
    "Truth",
]

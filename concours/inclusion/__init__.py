"""Inclusion criteria: values in, judgements out. One file a criterion, found by looking in this folder.

`examine(facts, inclusion)` judges; `read_exam(paths, fields)` makes the facts from de-identified files and is meant
to run in a limited child process, which is why it lives in `concours.inclusion.exam.read` beside `read_exam_json`.
"""

from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.examine import Criterion, criterion_faults, declared, examine, find, inclusion_faults, names
from concours.inclusion.judgement import Judge, Judgement, Outcome, overall

__all__ = [
    "Criterion",
    "ExamFacts",
    "Judge",
    "Judgement",
    "Outcome",
    "criterion_faults",
    "declared",
    "examine",
    "find",
    "inclusion_faults",
    "names",
    "overall",
]

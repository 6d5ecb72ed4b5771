"""A question tried before it exists for anybody: invented exams, the sample submission, its scores."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from concours.evaluation.evaluate import public_manifest, score, validate
from concours.evaluation.invented import invented_truth
from concours.evaluation.sample import sample_submission
from concours.evaluation.truth import load_truth
from concours.questions.schema import MetricSpec, QuestionSpec

CASES = 12
MOST_GENERATED = 20
FEWER = {"batches": 2, "batch_size": 8, "repeats": 2}  # of a metric that draws batches of generated cases


@dataclass(frozen=True)
class Trial:
    """`cases` invented exams, the file that was submitted, its size in bytes, and its scores; None is an undefined one."""

    cases: int
    file: str
    size: int
    scores: Mapping[str, float | None]


def try_question(spec: QuestionSpec) -> Trial:
    """Runs the whole path of a submission on invented exams. Its values mean nothing; that it runs does.

    Raises TruthError or FormatError where the question cannot be scored as it is written.
    """
    small = _small(spec)
    ids = [f"case-{number:02d}" for number in range(1, CASES + 1)]
    with tempfile.TemporaryDirectory(prefix="concours-trial-") as folder:
        truth = load_truth(small, invented_truth(small, Path(folder) / "truth", ids))
        manifest = public_manifest(small, truth)
        name, content = sample_submission(small, manifest)
        path = Path(folder) / name
        path.write_bytes(content)
        result = score(small, truth, validate(small, manifest, path, isolated=False))
    return Trial(CASES, name, len(content), dict(result.scores))


def _small(spec: QuestionSpec) -> QuestionSpec:
    """The same question with few generated cases: a page waits for it."""
    generated = spec.submission.generated
    if generated is None:
        return spec
    cases = min(generated.cases, MOST_GENERATED)
    fewer = replace(generated, cases=cases, minimum=min(generated.minimum, cases))
    metrics = {name: _with_small_batches(metric) for name, metric in spec.metrics.items()}
    return replace(spec, submission=replace(spec.submission, generated=fewer), metrics=metrics)


def _with_small_batches(metric: MetricSpec) -> MetricSpec:
    params = {key: min(value, FEWER[key]) if key in FEWER else value for key, value in metric.params.items()}
    return replace(metric, params=params)

"""The scoring engine, without Django: what validation may know, whether a submission is valid, what it is worth.

`public_manifest(spec, truth)` -> `validate(spec, manifest, submission)` -> `score(spec, truth, prediction, seed)`.
Validation takes the manifest alone and never sees the truth, so that no error text can depend on a label.
"""

from __future__ import annotations

import hashlib
import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import metrics
from challenges.spec import MetricSpec, QuestionSpec
from formats.check import validate_limited
from formats.fault import Fault, FormatError, gettext_noop
from formats.manifest import Manifest
from formats.submission import validate_submission
from metrics import Metric, Score
from scoring import kinds
from scoring.prediction import Prediction, from_submission
from scoring.sides import Regions, chosen, detections_of, masks_of, values_of
from scoring.truth import PARTS, Truth, TruthError, organiser_fault
from scoring.versions import versions

EXTERNAL = "external"
AGGREGATES: Mapping[str, Callable[[list[float]], Any]] = {
    "sum": math.fsum,
    "median": np.median,
    "min": min,
    "max": max,
}
TRUTHS_FAULT = ("one_class", "empty_truth")
ONE_CLASS = gettext_noop("The truth holds one class only, so '%(name)s' is not defined.")
UNDEFINED = gettext_noop("'%(name)s' is not defined on this truth (%(reason)s).")


@dataclass(frozen=True)
class Evaluation:
    """One scoring run, with everything that makes it reproducible. A score is None for a reason, never 0 by accident."""

    scores: Mapping[str, float | None]
    reasons: Mapping[str, str]
    intervals: Mapping[str, tuple[float, float]]
    details: Mapping[str, Mapping[str, Any]]
    cases: Mapping[str, Mapping[str, float | None]]  # of the metrics that are computed case by case
    parts: Mapping[str, Mapping[str, float | None]]  # public, private: where the truth has them
    count: int
    seed: int
    versions: Mapping[str, str]
    question_sha256: str
    truth_sha256: str
    submission_sha256: str
    embedding: Mapping[str, Any] = field(default_factory=dict)
    embeddings: tuple[np.ndarray, np.ndarray] | None = None  # (n, d) real and (m, d) generated, for the jury's choice
    pairs: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)  # truth and prediction of scores over the set

    def to_json(self, per_case: bool = False) -> dict[str, Any]:
        """The document that `score` prints."""
        document: dict[str, Any] = {
            "status": "scored",
            "scores": dict(self.scores),
            "cases": {case: dict(scores) for case, scores in self.cases.items()} if per_case else self.count,
        }
        if self.parts:
            document["parts"] = {part: dict(scores) for part, scores in self.parts.items()}
        if self.reasons:
            document["reasons"] = dict(self.reasons)
        if self.intervals:
            document["intervals"] = {name: list(interval) for name, interval in self.intervals.items()}
        if self.embedding:
            document["embedding"] = dict(self.embedding)
        run = {"question": self.question_sha256, "truth": self.truth_sha256, "submission": self.submission_sha256}
        return document | {"seed": self.seed, "versions": dict(self.versions), "sha256": run}


def public_manifest(spec: QuestionSpec, truth: Truth) -> Manifest:
    """All that validation may know: sorted ids, grids, columns, limits. Nothing in it depends on a label or its order."""
    return kinds.find(spec.kind).manifest(spec, sorted(truth.ids), truth.grids)


def validate(spec: QuestionSpec, manifest: Manifest, submission: Path, *, isolated: bool = True) -> Prediction:
    """Read and check a file or folder once. Raises FormatError with all errors at once.

    `isolated` decodes it in a confined child that may open nothing else; without, in this process.
    """
    sent = validate_limited(submission, manifest) if isolated else validate_submission(submission, manifest)
    runs = spec.submission.runs
    fields = {} if runs is None else {runs.column: runs.field}
    return from_submission(sent, manifest, submission, _sha256(submission), fields)


def score(
    spec: QuestionSpec, truth: Truth, prediction: Prediction, seed: int | None = None, networks: Path | None = None
) -> Evaluation:
    """Every score of the question over the whole set, each part of it, and each case.

    `seed` is the question's unless given. `networks` is the folder of imported embedding networks. Raises TruthError when
    the truth makes a score undefined over the whole set (`one_class`, `organiser_error`), and FormatError for generated
    cases that cannot be embedded.
    """
    if spec.kind == EXTERNAL or any(one.metric == EXTERNAL for one in spec.metrics.values()):
        template = gettext_noop("The scores of this question are computed elsewhere; rank them as a table.")
        raise TruthError(organiser_fault(spec.slug, template))
    run = _Run(spec, truth, prediction, spec.seed if seed is None else seed, networks)
    run.every_case()
    whole = {name: run.over(one, truth.ids) for name, one in spec.metrics.items()}
    _check_truth(spec, whole)
    pairs = {name: run.pair(one) for name, one in spec.metrics.items() if run.has_pair(one)}
    cases: dict[str, dict[str, float | None]] = {case: {} for case in truth.ids}
    for name, scores in run.by_case.items():
        for case, one in scores.items():
            cases[case][name] = one.value
    return Evaluation(
        scores={name: one.value for name, one in whole.items()},
        reasons={name: one.reason for name, one in whole.items() if one.value is None},
        intervals={name: one.interval for name, one in whole.items() if one.interval is not None},
        details={name: one.details for name, one in whole.items()},
        cases=cases,
        parts={
            part: {name: run.over(one, truth.ids_of(part)).value for name, one in spec.metrics.items()}
            for part in PARTS
            if truth.ids_of(part)
        },
        count=len(truth.ids),
        seed=run.seed,
        versions=versions(),
        question_sha256=spec.sha256,
        truth_sha256=truth.sha256,
        submission_sha256=prediction.sha256,
        embedding=run.embedding,
        embeddings=run.embedded,
        pairs=pairs,
    )


class _Run:
    """One run: case scores and embeddings are computed once and serve the whole set and its parts."""

    def __init__(
        self, spec: QuestionSpec, truth: Truth, prediction: Prediction, seed: int, networks: Path | None
    ) -> None:
        self.spec, self.truth, self.prediction, self.seed = spec, truth, prediction, seed
        self.networks = networks
        self.by_case: dict[str, dict[str, Score]] = {}
        self.embedding: dict[str, Any] = {}
        self.embedded: tuple[np.ndarray, np.ndarray] | None = None

    def over(self, one: MetricSpec, ids: Sequence[str]) -> Score:
        """The score over some cases."""
        if one.over == "declared":
            return Score.undefined("declared")
        metric = metrics.find(one.metric)
        ids = chosen(one, self.truth, ids)
        if not ids and metric.shape != "embeddings":
            return Score.undefined("empty_set")
        if metric.over == "case":
            return aggregate(one, [self.by_case[one.name][case] for case in ids])
        return metric(*self._sides(one, metric, ids), **self._params(one, metric))

    def every_case(self) -> None:
        """The scores of single cases: all metrics of one case, then the next, so that they share its surfaces and trees."""
        of_cases = [one for one in self.spec.metrics.values() if one.over != "declared"]
        of_cases = [one for one in of_cases if metrics.find(one.metric).over == "case"]
        wanted = {one.name: set(chosen(one, self.truth, self.truth.ids)) for one in of_cases}
        self.by_case = {one.name: {} for one in of_cases}
        for case in self.truth.ids:
            known: Regions = {}
            for one in of_cases:
                if case in wanted[one.name]:
                    metric = metrics.find(one.metric)
                    true, said = masks_of(one, metric, self.truth, self.prediction, case, known)
                    self.by_case[one.name][case] = metric(true, said, **self._params(one, metric))

    def _sides(self, one: MetricSpec, metric: Metric, ids: Sequence[str]) -> tuple[Any, Any]:
        if metric.shape == "embeddings":
            return self._embeddings()
        if metric.shape == "detections":
            return detections_of(one, self.truth, self.prediction, ids)
        return values_of(self.spec, one, metric, self.truth, self.prediction, ids)

    def _embeddings(self) -> tuple[np.ndarray, np.ndarray]:
        if self.embedded is None:
            # Only questions of generated images pay for onnxruntime, and web processes never do.
            generated = importlib.import_module("scoring.generated")
            network = generated.network_of(self.spec, self.networks)
            self.embedded = generated.embeddings_of(self.truth, self.prediction, network)
            self.embedding = {"name": network.name, "sha256": network.sha256, "comparable": network.comparable}
        return self.embedded

    def has_pair(self, one: MetricSpec) -> bool:
        """Whether a score compares everybody's values: what a bootstrap of it draws from."""
        return one.over == "set" and metrics.find(one.metric).shape in ("values", "probabilities", "grades", "labels")

    def pair(self, one: MetricSpec) -> tuple[Any, Any]:
        """Truth and prediction in the order of the truth's cases."""
        return self._sides(one, metrics.find(one.metric), chosen(one, self.truth, self.truth.ids))

    def _params(self, one: MetricSpec, metric: Metric) -> dict[str, Any]:
        takes_seed = any(parameter.name == "seed" for parameter in metric.parameters)
        return {**({"seed": self.seed} if takes_seed else {}), **one.params}


def aggregate(one: MetricSpec, scores: Sequence[Score]) -> Score:
    """The cases' scores as one. Undefined as soon as one case is: nothing is dropped silently."""
    if one.aggregate == "mean" or any(score.value is None for score in scores):
        return metrics.mean(scores)
    values = [score.value for score in scores if score.value is not None]
    return Score(float(AGGREGATES[one.aggregate](values)), details={"cases": len(values)})


def _check_truth(spec: QuestionSpec, whole: Mapping[str, Score]) -> None:
    """One class, or no class at all, is the organiser's affair: no submission could do better."""
    faults: list[Fault] = []
    for name, one in whole.items():
        if one.value is None and one.reason in TRUTHS_FAULT:
            template = ONE_CLASS if one.reason == "one_class" else UNDEFINED
            reason = "one_class" if one.reason == "one_class" else "organiser_error"
            faults.append(Fault(reason, name, template, {"name": name, "reason": one.reason}))
    if faults:
        raise TruthError(faults)


def rejected(error: FormatError) -> dict[str, Any]:
    """The document that `score` prints for a submission (or truth) that cannot be scored: every error."""
    keys = ("reason", "where", "message")
    errors = [{key: fault.to_json()[key] for key in keys} for fault in error.faults]
    return {"status": "rejected", "errors": errors}


def _sha256(path: Path) -> str:
    """Of a file, or of every file of a folder with its name."""
    if path.is_file():
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    digest = hashlib.sha256()
    for file in sorted(one for one in path.rglob("*") if one.is_file()):
        with file.open("rb") as handle:
            inner = hashlib.file_digest(handle, "sha256").digest()
        digest.update(file.relative_to(path).as_posix().encode() + b"\0" + inner)
    return digest.hexdigest()

"""The scoring engine, without Django: what validation may know, whether a submission is valid, what it is worth.

`public_manifest(spec, truth)` -> `validate(spec, manifest, submission)` -> `score(spec, truth, prediction, seed)`.
Validation takes the manifest alone and never sees the truth, so that no error text can depend on a label.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from concours import metrics
from concours.evaluation import kinds
from concours.evaluation.aggregates import AGGREGATES
from concours.evaluation.prediction import Prediction, from_submission
from concours.evaluation.sides import Regions, chosen, detections_of, masks_of, true_side, values_of
from concours.evaluation.truth import LoadedTruth
from concours.evaluation.truth_table import PARTS, TruthError, organiser_fault
from concours.evaluation.versions import versions
from concours.formats.check import validate_limited
from concours.formats.fault import Fault, FormatError, gettext_noop
from concours.formats.manifest import Manifest
from concours.formats.submission import validate_submission
from concours.metrics import Metric, MetricValue
from concours.questions.schema import MetricSpec, QuestionSpec
from concours.questions.schema.rules import EXTERNAL

ONE_CLASS = gettext_noop("The truth lacks a class that the score '%(name)s' compares, so no submission can be scored.")


@dataclass(frozen=True)
class ScoringResult:
    """One scoring run, with everything that makes it reproducible. A score is None for a reason, never 0 by accident."""

    values: Mapping[str, MetricValue]  # over the whole set, by name of the score
    cases: Mapping[str, Mapping[str, float | None]]  # of the metrics that are computed case by case
    parts: Mapping[str, Mapping[str, MetricValue]]  # public, private: where the truth has them
    count: int
    seed: int
    versions: Mapping[str, str]
    question_sha256: str
    truth_sha256: str
    submission_sha256: str
    embedding: Mapping[str, Any] = field(default_factory=dict)
    embeddings: tuple[np.ndarray, np.ndarray] | None = None  # (n, d) real and (m, d) generated, for the jury's choice
    pairs: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)  # truth and prediction of scores over the set

    @property
    def scores(self) -> dict[str, float | None]:
        """The numbers alone."""
        return {name: score.value for name, score in self.values.items()}

    @property
    def reasons(self) -> dict[str, str]:
        """Why scores are None."""
        return {name: score.reason for name, score in self.values.items() if score.value is None}

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """The metrics' own 95 % intervals."""
        return {name: score.interval for name, score in self.values.items() if score.interval is not None}

    @property
    def details(self) -> dict[str, dict[str, Any]]:
        """What lies behind the scores: counts, scores of classes, tables."""
        return {name: dict(score.details) for name, score in self.values.items() if score.details}

    def to_json(self, per_case: bool = False) -> dict[str, Any]:
        """The document that `score` prints."""
        document: dict[str, Any] = {
            "status": "scored",
            "scores": self.scores,
            "cases": {case: dict(scores) for case, scores in self.cases.items()} if per_case else self.count,
        }
        if self.parts:
            document["parts"] = {
                part: {name: score.value for name, score in scores.items()} for part, scores in self.parts.items()
            }
        if self.reasons:
            document["reasons"] = self.reasons
        if self.intervals:
            document["intervals"] = {name: list(interval) for name, interval in self.intervals.items()}
        if self.details:
            document["details"] = self.details
        if self.embedding:
            document["embedding"] = dict(self.embedding)
        run = {"question": self.question_sha256, "truth": self.truth_sha256, "submission": self.submission_sha256}
        return document | {"seed": self.seed, "versions": dict(self.versions), "sha256": run}


def public_manifest(spec: QuestionSpec, truth: LoadedTruth) -> Manifest:
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
    spec: QuestionSpec,
    truth: LoadedTruth,
    prediction: Prediction,
    seed: int | None = None,
    networks: Path | None = None,
) -> ScoringResult:
    """Every score of the question over the whole set, each part of it, and each case.

    `seed` is the question's unless given. `networks` is the folder of imported embedding networks. Raises TruthError when
    the truth makes a score undefined over the whole set (`one_class`, `organiser_error`), and FormatError for generated
    cases that cannot be embedded.
    """
    if all(declared.metric == EXTERNAL for declared in spec.metrics.values()):
        template = gettext_noop("The scores of this question are computed elsewhere; provide them as a table.")
        raise TruthError(organiser_fault(spec.slug, template))
    check_truth(spec, truth)
    run = _Run(spec, truth, prediction, spec.seed if seed is None else seed, networks)
    run.every_case()
    whole = {name: run.over(declared, truth.ids) for name, declared in spec.metrics.items()}
    pairs = {name: run.pair(declared) for name, declared in spec.metrics.items() if run.has_pair(declared)}
    cases: dict[str, dict[str, float | None]] = {case: {} for case in truth.ids}
    for name, scores in run.by_case.items():
        for case, value in scores.items():
            cases[case][name] = value.value
    return ScoringResult(
        values=whole,
        cases=cases,
        parts={
            part: {name: run.over(declared, truth.ids_of(part)) for name, declared in spec.metrics.items()}
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
        self, spec: QuestionSpec, truth: LoadedTruth, prediction: Prediction, seed: int, networks: Path | None
    ) -> None:
        self.spec, self.truth, self.prediction, self.seed = spec, truth, prediction, seed
        self.networks = networks
        self.by_case: dict[str, dict[str, MetricValue]] = {}
        self.embedding: dict[str, Any] = {}
        self.embedded: tuple[np.ndarray, np.ndarray] | None = None

    def over(self, declared: MetricSpec, ids: Sequence[str]) -> MetricValue:
        """The score over some cases."""
        if declared.metric == EXTERNAL or declared.over == "declared":
            return MetricValue.undefined(EXTERNAL if declared.metric == EXTERNAL else "declared")
        metric = metrics.find(declared.metric)
        ids = chosen(declared, self.truth, ids)
        if not ids and metric.shape != "embeddings":
            return MetricValue.undefined("empty_set")
        if metric.over == "case":
            return aggregate(declared, [self.by_case[declared.name][case] for case in ids])
        return metric.against(*self._sides(declared, metric, ids), **self._params(declared, metric))

    def every_case(self) -> None:
        """The scores of single cases: all metrics of one case, then the next, so that they share its surfaces and trees."""
        of_cases = [
            declared
            for declared in self.spec.metrics.values()
            if declared.over != "declared" and declared.metric != EXTERNAL
        ]
        of_cases = [declared for declared in of_cases if metrics.find(declared.metric).over == "case"]
        ids_by_score = {declared.name: set(chosen(declared, self.truth, self.truth.ids)) for declared in of_cases}
        self.by_case = {declared.name: {} for declared in of_cases}
        for case in self.truth.ids:
            regions: Regions = {}
            for declared in of_cases:
                if case in ids_by_score[declared.name]:
                    metric = metrics.find(declared.metric)
                    true, predicted = masks_of(declared, metric, self.truth, self.prediction, case, regions)
                    self.by_case[declared.name][case] = metric(true, predicted, **self._params(declared, metric))

    def _sides(self, declared: MetricSpec, metric: Metric, ids: Sequence[str]) -> tuple[Any, Any]:
        if metric.shape == "embeddings":
            return self._embeddings()
        if metric.shape == "detections":
            return detections_of(declared, self.truth, self.prediction, ids)
        return values_of(self.spec, declared, metric, self.truth, self.prediction, ids)

    def _embeddings(self) -> tuple[np.ndarray, np.ndarray]:
        if self.embedded is None:
            # Only questions of generated images pay for onnxruntime, and web processes never do.
            generated = importlib.import_module("concours.evaluation.generated")
            network = generated.network_of(self.spec, self.networks)
            self.embedded = generated.embeddings_of(self.truth, self.prediction, network)
            self.embedding = {"name": network.name, "sha256": network.sha256, "comparable": network.comparable}
        return self.embedded

    def has_pair(self, declared: MetricSpec) -> bool:
        """Whether a score compares everybody's values: what a bootstrap of it draws from."""
        if declared.metric == EXTERNAL or declared.over == "declared":
            return False
        metric = metrics.find(declared.metric)
        return (
            metric.over == "set" and metric.resample is not None and bool(chosen(declared, self.truth, self.truth.ids))
        )

    def pair(self, declared: MetricSpec) -> tuple[Any, Any]:
        """Truth and prediction in the order of the truth's cases."""
        return self._sides(declared, metrics.find(declared.metric), chosen(declared, self.truth, self.truth.ids))

    def _params(self, declared: MetricSpec, metric: Metric) -> dict[str, Any]:
        takes_seed = any(parameter.name == "seed" for parameter in metric.parameters)
        return {**({"seed": self.seed} if takes_seed else {}), **declared.params}


def aggregate(declared: MetricSpec, scores: Sequence[MetricValue]) -> MetricValue:
    """The cases' scores as one. Undefined as soon as one case is: nothing is dropped silently."""
    if declared.aggregate == "mean" or any(score.value is None for score in scores):
        return metrics.mean(scores)
    values = [score.value for score in scores if score.value is not None]
    return MetricValue(float(AGGREGATES[declared.aggregate].of(values)), details={"cases": len(values)})


def check_truth(spec: QuestionSpec, truth: LoadedTruth) -> None:
    """Raises TruthError, with every fault, for a truth on which no submission could be scored: it lacks a class.

    Decided from the truth alone, before any submission is opened.
    """
    faults: list[Fault] = []
    for name, declared in spec.metrics.items():
        if declared.metric == EXTERNAL or declared.over == "declared":
            continue
        metric = metrics.find(declared.metric)
        ids = chosen(declared, truth, truth.ids)
        if (
            metric.truth_fault
            and ids
            and (reason := metric.reason_on(true_side(declared, metric, truth, ids), declared.params))
        ):
            faults.append(Fault(reason, name, ONE_CLASS, {"name": name}))
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
    for file in sorted(path_below for path_below in path.rglob("*") if path_below.is_file()):
        with file.open("rb") as handle:
            inner = hashlib.file_digest(handle, "sha256").digest()
        digest.update(file.relative_to(path).as_posix().encode() + b"\0" + inner)
    return digest.hexdigest()

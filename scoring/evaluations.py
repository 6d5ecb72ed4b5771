"""Evaluations as rows: one more for a submission, and its scores."""

from __future__ import annotations

from collections.abc import Mapping

from challenges.frame import spec_of
from concours.metrics import MetricValue
from core.actors import Actor, person_of
from core.claims import Claim
from core.clock import database_now
from core.work import enqueue
from scoring.models import CaseScore, Evaluation, Score, Submission

Values = Mapping[tuple[str, str], MetricValue]  # by part and name


def add_evaluation(submission: Submission, values: Values, *, actor: Actor, source: Mapping[str, str]) -> Evaluation:
    """One more evaluation: the last one's numbers with these in place of theirs; its artefacts are shared."""
    last = submission.evaluations.order_by("-number").first()
    spec = spec_of(submission.phase.question)
    hashes = {"question": spec.sha256, "submission": submission.sha256, **source}
    last_hashes = last.provenance.get("sha256", {}) if last is not None else {}
    evaluation = Evaluation.objects.create(
        submission=submission,
        truth=last.truth if last is not None else None,
        entered_by=person_of(actor),
        number=last.number + 1 if last is not None else 1,
        question_revision=submission.phase.question.revision,
        seed=last.seed if last is not None else spec.seed,
        provenance={**(last.provenance if last is not None else {}), "sha256": {**last_hashes, **hashes}},
        artefacts_key=last.artefacts_key if last is not None else "",
        done_at=last.done_at
        if last is not None
        else database_now(),  # a truth corrected since is still to be scored on
        cases=last.cases if last is not None else 0,
    )
    last_scores = list(last.scores.all()) if last is not None else []
    rows = [copied(evaluation, score) for score in last_scores if (score.part, score.name) not in values]
    rows += [score_row(evaluation, part, name, value) for (part, name), value in values.items()]
    Score.objects.bulk_create(rows)
    if last is not None:
        enqueue("copy_case_scores", str(evaluation.pk), challenge_id=submission.team.challenge_id)
    return evaluation


def copy_case_scores(claim: Claim) -> None:
    """The stage's function: the evaluation gets the scores of cases of the one before. Web processes cannot read them."""
    evaluation = Evaluation.objects.filter(pk=claim.subject_id).first()
    with claim.finish():
        if evaluation is None or evaluation.case_scores.exists():
            return
        last = evaluation.submission.evaluations.filter(number=evaluation.number - 1).first()
        cases = [
            CaseScore(evaluation=evaluation, public_id=score.public_id, name=score.name, value=score.value)
            for score in (last.case_scores.iterator() if last is not None else ())
        ]
        CaseScore.objects.bulk_create(cases, batch_size=2000)


def copied(evaluation: Evaluation, score: Score) -> Score:
    """The same score, of another evaluation."""
    return Score(
        evaluation=evaluation,
        name=score.name,
        part=score.part,
        value=score.value,
        low=score.low,
        high=score.high,
        reason=score.reason,
        details=score.details,
    )


def score_row(evaluation: Evaluation, part: str, name: str, value: MetricValue) -> Score:
    """A score as it is stored."""
    low, high = value.interval or (None, None)
    return Score(
        evaluation=evaluation,
        name=name,
        part=part,
        value=value.value,
        low=low,
        high=high,
        reason=value.reason[:200],
        details=dict(value.details),
    )

"""Whether submissions can be scored on a truth, decided when it is sealed: told to organisers before a team submits."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from batches.models import Batch
from challenges.field_titles import field_titles
from challenges.frame import spec_of
from concours.evaluation.evaluate import check_truth
from concours.evaluation.truth import LoadedTruth
from concours.evaluation.truth_table import TruthError
from concours.formats.fault import Fault
from concours.questions.schema import QuestionSpec
from core.readiness import Obstacle
from core.words import say
from scoring.faults import by_exam
from scoring.models import Truth
from scoring.rescore import phases_scored_on

FAULTY = gettext_noop("No submission can be scored on this batch: %(detail)s Correct the values, or withdraw exams.")


def faults_of_truth(batch: Batch, spec: QuestionSpec, loaded: LoadedTruth) -> list[Fault]:
    """Why no submission could be scored on this truth: it lacks a class, say. Empty where a phase is scored on it only together
    with others, whose classes count as well.
    """
    if not any(phase.batch == batch.name or _is_only_truth(batch, spec) for phase in phases_scored_on(batch)):
        return []
    try:
        check_truth(spec, loaded)
    except TruthError as error:
        return by_exam([batch], error.faults)
    return []


def _is_only_truth(batch: Batch, spec: QuestionSpec) -> bool:
    return {batch_spec.name for batch_spec in spec.batches if batch_spec.set in spec.split.truth} == {batch.name}


def obstacle_of_faults(truth: Truth) -> list[Obstacle]:
    """The same as a named obstacle to the release."""
    titles = field_titles(spec_of(truth.batch.question))
    faults = [titles.fault(Fault.from_json(fault)) for fault in truth.faults]
    return [Obstacle("truth_faulty", True, FAULTY, {"detail": say(fault.template, fault.values)}) for fault in faults]

"""What lists say of many submissions, read in a few queries for all of them together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from uuid import UUID

from challenges.frame import spec_of
from challenges.models import Phase
from concours.evaluation.parts import PUBLIC
from concours.formats.json import JsonObject
from core.models import Progress
from scoring.ladder import shown_in_public
from scoring.models import Evaluation, Score, Submission
from scoring.visible_scores import final_parts, revealed_parts
from scoring.waiting import Waiting, waits_for


class PhaseFacts:
    """What is the same for all submissions of a phase; each fact is read when it is first needed."""

    def __init__(self, phase: Phase) -> None:
        self.phase = phase

    @cached_property
    def revealed(self) -> frozenset[str]:
        return revealed_parts(self.phase)

    @cached_property
    def final(self) -> frozenset[str]:
        return final_parts(self.phase)

    @cached_property
    def on_ladder(self) -> frozenset[UUID] | None:
        return shown_in_public(self.phase) if PUBLIC in self.revealed else None

    @cached_property
    def digits(self) -> int:
        return spec_of(self.phase.question).leaderboard.digits

    @cached_property
    def waits_for(self) -> Waiting | None:
        return waits_for(self.phase)


class SubmissionFacts:
    """Newest scores, notes and phases of these submissions."""

    def __init__(self, submissions: Sequence[Submission]) -> None:
        self.submissions = submissions
        self.phases = {submission.phase_id: PhaseFacts(submission.phase) for submission in submissions}

    def phase_of(self, submission: Submission) -> PhaseFacts:
        return self.phases[submission.phase_id]

    def notes_of(self, submission: Submission) -> list[Progress]:
        return self._notes[str(submission.pk)]

    def scores_for_team(self, submission: Submission) -> dict[str, dict[str, float | None]]:
        """`{part: {score: value}}`, to the digits that the question file shows on its board."""
        phase = self.phase_of(submission)
        parts = phase.revealed
        if phase.on_ladder is not None and submission.pk not in phase.on_ladder:
            parts = parts - {PUBLIC}
        shown: dict[str, dict[str, float | None]] = {}
        for row in self._scores_in(parts, submission):
            value = None if row.value is None else round(row.value, phase.digits)
            shown.setdefault(row.part, {})[row.name] = value
        return shown

    def details_for_team(self, submission: Submission) -> dict[str, JsonObject]:
        """`{part: {score: details}}`, once the results are final."""
        shown: dict[str, JsonObject] = {}
        for row in self._scores_in(self.phase_of(submission).final, submission):
            if row.details:
                shown.setdefault(row.part, {})[row.name] = row.details
        return shown

    def _scores_in(self, parts: frozenset[str], submission: Submission) -> list[Score]:
        """Of its newest evaluation, by part and name. Nothing is read where no part may be seen."""
        return [row for row in self._scores[submission.pk] if row.part in parts] if parts else []

    @cached_property
    def _scores(self) -> dict[UUID, list[Score]]:
        evaluations = Evaluation.objects.filter(submission__in=self.submissions).order_by("number")
        newest = dict(evaluations.values_list("submission_id", "pk"))  # the last of each
        by_evaluation = {pk: submission for submission, pk in newest.items()}
        scores: dict[UUID, list[Score]] = defaultdict(list)
        for row in Score.objects.filter(evaluation__in=by_evaluation).order_by("part", "name"):
            scores[by_evaluation[row.evaluation_id]].append(row)
        return scores

    @cached_property
    def _notes(self) -> dict[str, list[Progress]]:
        kind, names = Submission._meta.model_name, [str(submission.pk) for submission in self.submissions]
        rows = Progress.objects.filter(subject_kind=kind, subject_id__in=names)
        notes: dict[str, list[Progress]] = defaultdict(list)
        for row in rows.filter(state="note", audience=Progress.Audience.TEAM).order_by("pk"):
            notes[row.subject_id].append(row)
        return notes

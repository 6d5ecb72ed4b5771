"""The tables of an edition as its society publishes them: criteria, centres, received and kept, sets, scores, results.

Values are read from where each stage decided them; pandas arranges them. Every table has plain cells, so that the page, CSV,
XLSX and JSON say the same.
"""

from __future__ import annotations

from typing import Any

from challenges.models import Challenge, Question
from leaderboard.edition_exams import exams_by_centre, exams_by_set, inclusion_criteria, received_and_kept
from leaderboard.edition_parts import EditionTable
from leaderboard.edition_results import results_by_team, score_formulas, winners
from leaderboard.edition_teams import team_statistics
from leaderboard.models import Announcement
from scoring.permissions import is_organiser


def edition_tables(challenge: Challenge, user: Any) -> list[EditionTable]:
    """The tables that this person may see: of announced questions, or for organisers of all questions as a preview."""
    questions = shown_questions(challenge, user)
    if not questions:
        return []
    return [
        inclusion_criteria(questions),
        exams_by_centre(questions),
        received_and_kept(questions),
        exams_by_set(questions),
        score_formulas(questions),
        results_by_team(challenge, questions),
        winners(questions),
        team_statistics(challenge, questions),
    ]


def shown_questions(challenge: Challenge, user: Any) -> list[Question]:
    questions = list(challenge.questions.select_related("challenge"))
    if questions and is_organiser(user, questions[0]):
        return questions
    announced = set(
        Announcement.objects.visible_to(user)
        .filter(question__challenge=challenge)
        .values_list("question_id", flat=True)
    )
    return [question for question in questions if question.pk in announced]

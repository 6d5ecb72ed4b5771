"""What a question file asks, in words for the people who take part: criteria, formats, scores, ranking, limits, rules."""

from challenges.question_words.parts import column_words, number, range_words, unit_words
from challenges.question_words.ranking import final_rules, ranking
from challenges.question_words.scores import ScoreWords, better, field_unit, score_title, score_unit, scores
from challenges.question_words.submission import ColumnWords, columns, labels, limits, submission
from challenges.question_words.teams import professions, team_rules

__all__ = [
    "ColumnWords",
    "ScoreWords",
    "better",
    "column_words",
    "columns",
    "field_unit",
    "final_rules",
    "labels",
    "limits",
    "number",
    "professions",
    "range_words",
    "ranking",
    "score_title",
    "score_unit",
    "scores",
    "submission",
    "team_rules",
    "unit_words",
]

"""A draft of the methods section of the edition's paper, with its own figures, and brackets where a person has to write."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import get_language, gettext

from challenges.frame import spec_of
from challenges.models import Challenge, Question
from challenges.question_words import number, ranking, scores
from challenges.timeline import phase_title
from core.days import moment_words
from core.words import labelled, separated
from leaderboard.edition_exams import exams_by_centre, exams_by_set, inclusion_criteria, received_and_kept
from leaderboard.edition_parts import EditionTable
from leaderboard.edition_teams import team_statistics
from leaderboard.pdf.edition import cell_words


def methods_draft(challenge: Challenge, questions: Sequence[Question]) -> str:
    """Markdown in the reader's language, in the order of the BIAS checklist of challenge papers."""
    title = gettext("Methods (draft)")
    lines = [f"# {title} – {challenge}", "", gettext("Complete what stands in brackets."), ""]
    lines += _section(gettext("Design"), _design(questions))
    lines += _section(gettext("Data"), _data(questions))
    for question in questions:
        lines += _section(str(question), _question(question))
    lines += _section(gettext("Participants"), _rows(team_statistics(challenge, questions)))
    lines += _section(gettext("Ethics"), [gettext("[Ethics committee, information of patients, legal basis]")])
    return "\n".join(lines)


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [f"## {title}", *lines, ""]


def _point(name: str, value: str) -> str:
    return f"- {labelled(name, value)}"


def _design(questions: Sequence[Question]) -> list[str]:
    lines = [_point(gettext("Questions"), ", ".join(str(question) for question in questions))]
    for question in questions:
        for phase in question.phases.order_by("opens", "id"):
            window = f"{moment_words(phase.opens)} – {moment_words(phase.closes)}"
            lines.append(_point(f"{question}, {phase_title(phase)}", window))
    return lines


def _data(questions: Sequence[Question]) -> list[str]:
    centres = exams_by_centre(questions)
    received = received_and_kept(questions)
    total = received.rows[-1]
    share_kept = gettext("%(count)s (%(percent)s %%)") % {
        "count": cell_words(total[2]),
        "percent": cell_words(total[6]),
    }
    lines = [
        gettext(
            "Exams were de-identified before storage (DICOM PS3.15 Annex E), checked against the criteria below, and "
            "graded blindly."
        ),
        _point(gettext("Centres"), number(max(len(centres.rows) - 1, 0))),
        _point(gettext("Exams received"), cell_words(total[1])),
        _point(gettext("Exams kept"), share_kept),
    ]
    if received.note:
        lines.append(f"- {received.note}")
    return [*lines, "", *_table(exams_by_set(questions)), "", *_table(inclusion_criteria(questions))]


def _question(question: Question) -> list[str]:
    spec = spec_of(question)
    grading = separated(
        [
            labelled(gettext("readers per exam"), number(spec.grading.readers)),
            labelled(gettext("grades"), ", ".join(spec.grading.scale)),
            labelled(gettext("kept"), ", ".join(spec.grading.kept)),
        ]
    )
    lines = [spec.summary.says(get_language() or "en"), _point(gettext("Grading"), grading)]
    lines += [_point(row.title, separated([row.summary, row.better])) for row in scores(spec)]
    lines.append(_point(gettext("Ranking"), " ".join(ranking(spec))))
    lines.append(_point(gettext("Random seed of the sets"), str(spec.split.seed)))
    return lines


def _rows(table: EditionTable) -> list[str]:
    return [_point(str(row[0]), cell_words(row[1])) for row in table.rows]


def _table(table: EditionTable) -> list[str]:
    """A Markdown table; a bar in a cell is escaped."""
    head = [f"**{table.title}**", "", _line(table.columns), "|" + " --- |" * len(table.columns)]
    return [*head, *(_line([cell_words(cell) for cell in row]) for row in table.rows)]


def _line(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"

"""The tables of an edition about its results: scores, results by team, winners and prizes."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext

from challenges.frame import spec_of
from challenges.models import Challenge, Question, Team, TeamEntry
from challenges.question_words import number, ranking, score_title, scores
from concours.evaluation.parts import winning_parts
from core.words import labelled
from leaderboard.edition_parts import Cell, EditionTable, edition_table
from leaderboard.models import Announcement, Placing, Ranking


def score_formulas(questions: Sequence[Question]) -> EditionTable:
    """What each score computes, and how the scores make the ranking."""
    rows: list[tuple[Cell, ...]] = []
    for question in questions:
        spec = spec_of(question)
        rows += [(str(question), row.title, row.summary, row.better, row.unit or "–") for row in scores(spec)]
        rows.append((str(question), gettext("Ranking"), " ".join(ranking(spec)), "–", "–"))
    columns = [gettext("Question"), gettext("Score"), gettext("Definition"), gettext("Direction"), gettext("Unit")]
    return edition_table("scores", gettext("Scores"), columns, rows)


def deciding_ranking(question: Question) -> Ranking | None:
    """The announced ranking; before, the newest of the deciding phase on the cases that decide."""
    announcement = Announcement.objects.filter(question=question).select_related("ranking").first()
    if announcement is not None:
        return announcement.ranking
    parts = winning_parts(spec_of(question))
    rows = Ranking.objects.filter(question=question, phase__decides=True, part__in=parts)
    return rows.order_by("-number").first()


def results_by_team(challenge: Challenge, questions: Sequence[Question]) -> EditionTable:
    """One row per team: its result in each question, N.S. where it submitted nothing, blank where it did not take part."""
    placings = {question.pk: _results(question) for question in questions}
    entered = set(TeamEntry.objects.filter(question__in=questions).values_list("team_id", "question_id"))
    teams = [
        team
        for team in challenge.teams.filter(state=Team.State.APPROVED)
        if any((team.pk, q.pk) in entered for q in questions)
    ]
    best = {
        team.pk: min((placings[q.pk].get(team.pk, (None, None))[0] or 10**6 for q in questions), default=10**6)
        for team in teams
    }
    rows = [
        (
            team.name,
            *(
                placings[question.pk].get(team.pk, (None, Placing.Status.NOT_SUBMITTED.value))[1]
                if (team.pk, question.pk) in entered
                else ""
                for question in questions
            ),
        )
        for team in sorted(teams, key=lambda team: (best[team.pk], team.name.casefold()))
    ]
    columns = [gettext("Team"), *(f"{question} ({_result_title(question)})" for question in questions)]
    note = gettext("N.S.: entered and submitted nothing in time. Blank: did not take part.")
    return edition_table("results", gettext("Results by team"), columns, rows, note=note, numeric=True)


def _results(question: Question) -> dict[int, tuple[int | None, str]]:
    """By team: its place and its result in words."""
    ranking = deciding_ranking(question)
    if ranking is None:
        return {}
    digits = int(ranking.snapshot.get("digits", 4))
    ranked = [column["name"] for column in ranking.snapshot.get("columns", []) if column.get("ranked_by")]
    return {
        placing.team_id: (placing.place, _result(placing, ranked, digits))
        for placing in ranking.placings.select_related("team")
    }


def _result(placing: Placing, ranked: Sequence[str], digits: int) -> str:
    if placing.status == Placing.Status.NOT_SUBMITTED:
        return str(placing.status)
    value = placing.scores.get(ranked[0]) if len(ranked) == 1 else placing.total
    text = "–" if value is None else number(round(float(value), digits))
    if placing.status in (Placing.Status.BASELINE, Placing.Status.EXCLUDED):
        return f"{text} ({placing.get_status_display().lower()})"
    return text


def _result_title(question: Question) -> str:
    spec = spec_of(question)
    by = spec.ranking.by if spec.ranking is not None else ()
    if len(by) == 1:
        return score_title(spec, by[0])
    return gettext("Sum of ranks") if spec.ranking is not None and spec.ranking.rule == "rank_sum" else gettext("Total")


def winners(questions: Sequence[Question]) -> EditionTable:
    """Winners, best centre, and the share of a prize for each member of the winning team."""
    rows: list[tuple[Cell, ...]] = []
    for question in questions:
        announcement = Announcement.objects.filter(question=question).select_related("best_centre").first()
        if announcement is None:
            rows.append((str(question), gettext("not announced yet"), "", "", ""))
            continue
        teams = list(announcement.winners.order_by("name"))
        rows.append(
            (
                str(question),
                ", ".join(team.name for team in teams),
                announcement.best_centre.name if announcement.best_centre else "–",
                _prizes(question),
                shares(question, teams),
            )
        )
    columns = [
        gettext("Question"),
        gettext("Winner"),
        gettext("Best inclusion centre"),
        gettext("Prizes"),
        gettext("Share of each member"),
    ]
    return edition_table("winners", gettext("Winners and prizes"), columns, rows)


def _prizes(question: Question) -> str:
    prizes = spec_of(question).rules.prizes
    names = {"centre": gettext("best centre"), "finalist": gettext("each other finalist")}
    return (
        ", ".join(
            labelled(names.get(prize.place, prize.place), f"{number(prize.amount)} {prize.currency}")
            for prize in prizes
        )
        or "–"
    )


def shares(question: Question, teams: Sequence[Team]) -> str:
    """A first prize is shared equally among the tied winners, and each part equally among the members of the team."""
    first = next((prize for prize in spec_of(question).rules.prizes if prize.place == "1"), None)
    if first is None or not teams:
        return "–"
    parts = []
    for team in teams:
        members = team.memberships.count()
        if members:
            share = round(first.amount / len(teams) / members, 2)
            parts.append(labelled(team.name, f"{number(share)} {first.currency} × {members}"))
    return ", ".join(parts) or "–"

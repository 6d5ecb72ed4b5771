"""The table of an edition about its teams and the people in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from django.db.models import Count
from django.utils.translation import gettext

from challenges.models import Challenge, Membership, Question, Team
from challenges.question_words import number
from leaderboard.edition_parts import Cell, EditionTable, edition_table, percent
from leaderboard.edition_results import deciding_ranking
from leaderboard.models import Placing


def team_statistics(challenge: Challenge, questions: Sequence[Question]) -> EditionTable:
    """Teams and people of the edition, by profession; sizes; the share of entries that submitted."""
    members = Membership.objects.filter(
        team__challenge=challenge, team__state=Team.State.APPROVED, team__is_baseline=False
    )
    sizes = list(members.order_by().values("team").annotate(n=Count("id")).values_list("n", flat=True))
    professions = dict(members.order_by().values_list("profession").annotate(n=Count("user", distinct=True)))
    rows: list[tuple[Cell, ...]] = [
        (gettext("Teams"), len(sizes)),
        (gettext("People"), members.values("user").distinct().count()),
    ]
    labels = dict(Membership.Profession.choices)
    rows += [
        (str(labels.get(key, key)).capitalize(), n) for key, n in sorted(professions.items(), key=lambda item: -item[1])
    ]
    if sizes:
        rows.append(
            (
                gettext("Size of a team (smallest, median, largest)"),
                f"{min(sizes)}, {number(median(sizes))}, {max(sizes)}",
            )
        )
    entries, submitted = _submission_rate(questions)
    if entries:
        rows.append((gettext("Percentage of entries that submitted"), percent(submitted, entries)))
    return edition_table(
        "teams", gettext("Teams of the edition"), [gettext("Figure"), gettext("Value")], rows, numeric=True
    )


def _submission_rate(questions: Iterable[Question]) -> tuple[int, int]:
    entries = submitted = 0
    for question in questions:
        ranking = deciding_ranking(question)
        if ranking is None:
            continue
        statuses = [placing.status for placing in ranking.placings.all() if placing.status != Placing.Status.BASELINE]
        entries += len(statuses)
        submitted += sum(status != Placing.Status.NOT_SUBMITTED for status in statuses)
    return entries, submitted

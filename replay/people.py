"""Who takes part in an edition: accounts, and the members of teams with their professions."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ORGANISER = "olga@concours.example"


def slug(text: str) -> str:
    """The text in lower case ASCII letters, digits and hyphens."""
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in text.lower())
    return "-".join(filter(None, plain.split("-")))


@dataclass(frozen=True)
class Participant:
    """One account; `profession` counts for the rules of teams."""

    email: str
    name: str
    profession: str = ""


def members(team: str, edition: str, professions: Sequence[str]) -> tuple[Participant, ...]:
    """The members of a team, its lead first."""
    return tuple(
        Participant(
            f"{profession}-{place}@{slug(team)}.{edition}.example",
            f"{profession.title()} {place} of {team}",
            profession,
        )
        for place, profession in enumerate(professions, start=1)
    )


def professions_of_teams(
    teams: Sequence[str], counts: Mapping[str, int], first: Sequence[str], largest: int
) -> dict[str, list[str]]:
    """Everybody of the counts in a team. Each team has one person of every profession in `first`; the first team nobody else,
    the second as many as the largest team had, and the others about equal numbers.
    """
    left = {profession: counts[profession] - len(teams) * first.count(profession) for profession in counts}
    others = [profession for profession, count in left.items() for _ in range(count)]
    room = [0, largest - len(first)] + [0] * (len(teams) - 2)
    share, more = divmod(len(others) - room[1], len(teams) - 2)
    room[2:] = [share + (place < more) for place in range(len(teams) - 2)]
    # Every len(teams)th of the list goes to the same team, so that no team is of one profession alone.
    mixed = [others[place] for start in range(len(teams)) for place in range(start, len(others), len(teams))]
    dealt = {}
    for team, places in zip(teams, room, strict=True):
        dealt[team] = [*first, *mixed[:places]]
        mixed = mixed[places:]
    return dealt


def accounts(people: Sequence[Participant], staff: Sequence[str] = ()) -> str:
    """The table for `manage.py enrol`."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["email", "name", "staff"])
    writer.writerows([person.email, person.name, int(person.email in staff)] for person in people)
    return text.getvalue()

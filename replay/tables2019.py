"""Tables 1 to 6 of SFR 2019: what was published (at the replay's scale), and what the results page shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replay.compare import Cell, Comparison, Rows, rows_of
from replay.plan import QuestionPlan

TITLES = {
    "sarcopenia": "Sarcopenia",
    "nodules": "Pulmonary nodules",
    "ms-edss": "Multiple sclerosis: EDSS at two years",
}


def comparisons(
    published: Mapping[str, Any], plans: Mapping[str, QuestionPlan], page: Mapping[str, Any]
) -> list[Comparison]:
    """`page` is the JSON of /api/v1/results/sfr2019/, in English."""
    return [
        criteria(published, page["inclusion-criteria"]),
        centres(plans, page["centres"]),
        received(published, plans, page["received-and-kept"]),
        sets(plans, page["sets"]),
        scores(published, page["scores"]),
        results(published, page["results"]),
        winners(published, page["winners"]),
        teams(published, page["teams"]),
    ]


def criteria(published: Mapping[str, Any], table: Mapping[str, Any]) -> Comparison:
    """Table 1: for each published criterion, a row of the page whose words hold all of its figures."""
    expected: Rows = {}
    ours: Rows = {}
    for question, listed in published["criteria"].items():
        own = [f"{row[1]}: {row[2]}".lower() for row in table["rows"] if row[0] == TITLES[question]]
        for words in listed:
            name = f"{question}: {', '.join(words)}"
            expected[name] = {"required": "yes"}
            ours[name] = {
                "required": "yes" if any(all(word.lower() in text for word in words) for text in own) else "no"
            }
    return Comparison("Table 1: inclusion criteria", expected, ours)


def centres(plans: Mapping[str, QuestionPlan], table: Mapping[str, Any]) -> Comparison:
    """Table 2: exams by centre and question, with totals."""
    names = dict.fromkeys(centre for plan in plans.values() for centre in plan.centres)
    expected: Rows = {
        centre: {
            **{question: plan.centres.get(centre, 0) for question, plan in plans.items()},
            "total": sum(plan.centres.get(centre, 0) for plan in plans.values()),
        }
        for centre in names
    }
    total: dict[str, Cell] = {question: plan.received for question, plan in plans.items()}
    expected["Total"] = total | {"total": sum(plan.received for plan in plans.values())}
    columns = {TITLES[question]: question for question in plans} | {"Total": "total"}
    return Comparison("Table 2: exams by centre", expected, rows_of(table, columns))


def received(published: Mapping[str, Any], plans: Mapping[str, QuestionPlan], table: Mapping[str, Any]) -> Comparison:
    """Table 3: received and kept; the percentage is the printed one at scale 1."""
    whole = all(plan.received == published["questions"][name]["received"] for name, plan in plans.items())
    expected: Rows = {
        TITLES[name]: {
            "received": plan.received,
            "kept": plan.included,
            "percent": published["questions"][name]["percent_kept"] if whole else 100 * plan.included // plan.received,
        }
        for name, plan in plans.items()
    }
    everything, included = sum(plan.received for plan in plans.values()), sum(plan.included for plan in plans.values())
    expected["Total"] = {"received": everything, "kept": included, "percent": 100 * included // everything}
    columns = {"Received": "received", "Kept": "kept", "Percentage kept": "percent"}
    return Comparison("Table 3: received and kept", expected, rows_of(table, columns))


def sets(plans: Mapping[str, QuestionPlan], table: Mapping[str, Any]) -> Comparison:
    """Table 4: training, validation and test sets."""
    expected: Rows = {TITLES[name]: {**plan.sets, "total": plan.included} for name, plan in plans.items()}
    columns = {"training": "training", "validation": "validation", "test": "test", "Total": "total"}
    return Comparison("Table 4: sets", expected, rows_of(table, columns))


def scores(published: Mapping[str, Any], table: Mapping[str, Any]) -> Comparison:
    """Table 5: the scores and their directions, by question."""
    expected: Rows = {}
    ours: Rows = {}
    for question, directions in published["scores"].items():
        for title, direction in directions.items():
            name = f"{question}: {title}"
            expected[name] = {"direction": direction}
            rows = [
                row
                for row in table["rows"]
                if row[0] == TITLES[question] and title.lower() in f"{row[1]} {row[2]}".lower()
            ]
            ours[name] = {"direction": direction if any(direction in str(row[3]).lower() for row in rows) else "none"}
    return Comparison("Table 5: scores", expected, ours)


def results(published: Mapping[str, Any], table: Mapping[str, Any]) -> Comparison:
    """Table 6: one row per team; N.S. entered and sent nothing in time, blank did not enter."""
    expected: Rows = {}
    for question, figures in published["questions"].items():
        for team in [*figures["results"], *figures["silent"]]:
            row = expected.setdefault(team, dict.fromkeys(published["questions"], ""))
            row[question] = figures["results"].get(team, "N.S.")
    columns = {
        next(title for title in table["columns"] if title.startswith(TITLES[question])): question
        for question in published["questions"]
    }
    return Comparison("Table 6: results by team", expected, rows_of(table, columns))


def winners(published: Mapping[str, Any], table: Mapping[str, Any]) -> Comparison:
    expected: Rows = {
        TITLES[name]: {"winner": figures["winner"], "centre": figures["best_centre"]}
        for name, figures in published["questions"].items()
    }
    columns = {"Winner": "winner", "Best inclusion centre": "centre"}
    return Comparison("Winners and best centres", expected, rows_of(table, columns))


def teams(published: Mapping[str, Any], table: Mapping[str, Any]) -> Comparison:
    expected: Rows = {"Teams": {"count": published["teams"]}, "People": {"count": published["people"]}}
    expected |= {name.capitalize(): {"count": count} for name, count in published["professions"].items()}
    ours = {name: cells for name, cells in rows_of(table, {"Value": "count"}).items() if name in expected}
    return Comparison("Teams and people", expected, ours)

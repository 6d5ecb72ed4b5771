"""SFR 2019: 24 centres, three questions, 20 teams; batches on 11 September, 11 October and 13 October 2019."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from demo.editions import Edition, ExamToSend, TeamPlan
from demo.phantoms import flair, nodules
from replay import tables2019
from replay.compare import Comparison
from replay.edition import EditionReplay
from replay.people import Participant, members, professions_of_teams
from replay.plan import QuestionPlan, question_plan, read_published
from replay.play import ReplayRun

SLUG = "sfr2019"
# The smallest sets that carry the published results and a single best centre. With 48 exams, half of them abnormal, every AUC of
# three digits exists.
FLOORS = {
    "sarcopenia": {"training": 4, "validation": 4, "test": 6},
    "nodules": {"training": 4, "validation": 4, "test": 48},
    "ms-edss": {"training": 2, "validation": 2, "test": 6},
}
# What is wrong with the exams that were not kept, in turn: one criterion each, or a grade D.
FLAWS = {
    "sarcopenia": ("hard kernel", "grade D", "thick slice", "grade D", "mask on another grid", "empty mask"),
    "nodules": nodules.FLAWS,
    "ms-edss": flair.FLAWS,
}
EDSS = (0, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8)
WINDOW_OF_ONE_HOUR = ("sarcopenia", "ms-edss")


def plans(published: Mapping[str, Any], scale: float) -> dict[str, QuestionPlan]:
    return {name: question_plan(name, figures, scale, FLOORS[name]) for name, figures in published["questions"].items()}


def orders(plan: QuestionPlan, base: int) -> Iterator[ExamToSend]:
    """Every exam that the centres of a question send; the broken ones are spread over each centre's own."""
    number = broken = 0
    for centre, count in plan.centres.items():
        flawed = plan.broken[centre]
        for place in range(count):
            seed = (1 + number // 1000) * 1_000_000 + base * 10_000 + number % 1000
            number += 1
            flaw = ""
            if (place + 1) * flawed // count > place * flawed // count:
                flaw = FLAWS[plan.slug][broken % len(FLAWS[plan.slug])]
                broken += 1
            grade = "D" if flaw == "grade D" else "ABC"[number % 3]
            more = {"nodules": ("abnormal", number % 2 == 0), "ms-edss": ("edss", EDSS[number % len(EDSS)])}
            extra = (more[plan.slug],) if plan.slug in more else ()
            yield ExamToSend(plan.slug, seed, centre, grade, "" if flaw == "grade D" else flaw, more=extra)


def team_plans(published: Mapping[str, Any]) -> Iterator[TeamPlan]:
    """Results as published; teams shown as N.S. were too late, sent nonsense, or nothing."""
    aims = {"sarcopenia": "sum", "nodules": "auc", "ms-edss": "mse"}
    for question, figures in published["questions"].items():
        for name, value in figures["results"].items():
            yield TeamPlan(name, question, aim={aims[question]: value})
        for number, name in enumerate(figures["silent"]):
            yield TeamPlan(name, question, ("late", "malformed", "nothing")[min(number, 2)])


def teams_of(published: Mapping[str, Any], names: list[str]) -> dict[str, tuple[Participant, ...]]:
    first = ("radiologist", "engineer", "researcher")
    dealt = professions_of_teams(names, published["professions"], first, published["largest_team"])
    return {name: members(name, SLUG, dealt[name]) for name in names}


class Sfr2019(EditionReplay):
    """The stages of the edition, in the order of its dates."""

    def __init__(self, play: ReplayRun, scale: float) -> None:
        self.published = read_published(SLUG)
        self.plans = plans(self.published, scale)
        sent = tuple(order for base, plan in enumerate(self.plans.values(), start=1) for order in orders(plan, base))
        everyone = tuple(team_plans(self.published))
        questions: dict[str, dict[str, Any]] = {
            name: {} if scale == 1 else {"split.sets": plan.sets} for name, plan in self.plans.items()
        }
        super().__init__(
            play,
            Edition(SLUG, self.published["title"], questions, sent, everyone),
            changes=questions,
            people_of_teams=teams_of(self.published, list(dict.fromkeys(plan.name for plan in everyone))),
        )

    def run(self) -> None:
        play = self.play
        play.go_to("2019-03-25T09:00:00+01:00")
        self.sign_in()
        self.frame()
        play.go_to("2019-04-01T09:00:00+02:00")
        self.join()
        play.go_to("2019-08-28T09:00:00+02:00")
        self.sign_in()
        self.collect()
        play.go_to("2019-08-31T00:00:05+02:00")
        self.send_late(self.first("Pitié-Salpêtrière"))
        play.go_to("2019-09-02T09:00:00+02:00")
        if waived := self.register():
            raise RuntimeError(f"teams that should meet every rule do not: {waived}")
        play.go_to("2019-09-05T09:00:00+02:00")
        self.freeze()
        self.batch("2019-09-11T09:00:05+02:00", "batch-1", self._sizes("training"))
        self.batch("2019-10-11T09:00:05+02:00", "batch-2", self._sizes("validation"))
        self.deciding_day()
        play.go_to("2019-10-14T17:00:00+02:00")
        self.announce("all", "2019-10-14T18:00:00+02:00")
        play.go_to("2019-10-15T09:00:00+02:00")

    def _sizes(self, name: str) -> dict[str, int]:
        return {question: plan.sets[name] for question, plan in self.plans.items()}

    def deciding_day(self) -> None:
        """Windows of one hour and of two; who comes late is refused."""
        self.play.go_to("2019-10-13T09:00:05+02:00")
        self.submit_in_time("evaluation")
        self.play.go_to("2019-10-13T10:00:05+02:00")
        self.submit_late(WINDOW_OF_ONE_HOUR, "evaluation")
        self.play.go_to("2019-10-13T11:00:05+02:00")
        self.submit_late(("nodules",), "evaluation")
        self.play.settle()

    def compare(self) -> list[Comparison]:
        """The tables of the results page beside the published ones."""
        return tables2019.comparisons(self.published, self.plans, self.results())

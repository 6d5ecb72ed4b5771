"""What the editions share, stage by stage: frame, inclusion, registration, sets, submissions, announcement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from demo.editions import Edition, ExamToSend, TeamPlan
from replay.clients import exams, organiser, reading, teams
from replay.pages import results
from replay.people import ORGANISER, Participant, slug
from replay.play import Job, ReplayRun

SUBMISSION_SECONDS = 3000.0


class EditionReplay:
    """One edition under way. `sets` are the changes of the question files, empty at scale 1; `people_of_teams` lead first."""

    def __init__(
        self,
        play: ReplayRun,
        edition: Edition,
        *,
        changes: Mapping[str, Mapping[str, Any]],
        people_of_teams: Mapping[str, Sequence[Participant]],
    ) -> None:
        self.play, self.edition, self.slug, self.changes = play, edition, edition.slug, changes
        self.questions, self.orders = list(changes), list(edition.orders)
        self.teams, self.centres = dict(people_of_teams), list(dict.fromkeys(order.centre for order in edition.orders))
        self.small = replace(edition, orders=())  # what clients of teams need of it
        self.secrets: dict[str, str] = {}

    # --- people ----------------------------------------------------------------------------------------------------------

    def uploader(self, centre: str) -> str:
        return f"{slug(centre)}@{self.slug}.example"

    def reader(self, question: str) -> str:
        return f"reader@{question}.{self.slug}.example"

    def jurors(self) -> list[str]:
        return [f"juror-{number + 1}@{self.slug}.example" for number in range(self.edition.jurors)]

    def lead(self, team: str) -> str:
        return self.play.tokens[self.teams[team][0].email]

    def people(self) -> list[Participant]:
        staff = [Participant(ORGANISER, "Olga Organise")]
        staff += [Participant(self.uploader(centre), f"Radiologist of {centre}") for centre in self.centres]
        staff += [Participant(self.reader(question), f"Expert of {question}") for question in self.questions]
        staff += [Participant(email, "Juror") for email in self.jurors()]
        return staff + [person for team in self.teams.values() for person in team]

    def sign_in(self) -> None:
        with self.play.stage("Accounts and tokens") as figures:
            self.play.sign_in(self.people())
            figures.rows = len(self.play.tokens)

    def _invited(self, email: str) -> tuple[str, str]:
        return self.play.tokens[email], self.secrets[email]

    def first(self, centre: str) -> ExamToSend:
        return next(order for order in self.orders if order.centre == centre)

    # --- stages --------------------------------------------------------------------------------------------------------------

    def frame(self) -> None:
        """Questions, charters and centres, and an invitation for everybody but the teams."""
        play = self.play
        words = (play.olga, self.slug, self.edition.title, self.changes, self.centres)
        (short,) = play.together("Frame: questions, charters, centres", [(organiser.draw_frame, words)])
        offers = {self.uploader(centre): {"what": "centre", "centre": short[centre]} for centre in self.centres}
        offers |= {self.reader(question): {"what": "reader", "question": question} for question in self.questions}
        offers |= {email: {"what": "juror", "question": self.questions[0]} for email in self.jurors()}
        (self.secrets,) = play.together("Invitations", [(organiser.invite, (play.olga, self.slug, offers))])

    def join(self) -> None:
        """Centres, experts and jurors accept and sign; before that a centre's exam is refused."""
        centres = [
            (
                exams.join_centre,
                (*self._invited(self.uploader(centre)), self.slug, f"Radiologist of {centre}", self.first(centre)),
            )
            for centre in self.centres
        ]
        self.play.together("Centres sign, and are refused before", centres)
        others = [(self.reader(question), "reader") for question in self.questions]
        others += [(email, "juror") for email in self.jurors()]
        jobs = [(reading.join_as, (*self._invited(email), self.slug, audience)) for email, audience in others]
        self.play.together("Experts and jurors sign", jobs)

    def collect(self) -> None:
        """Every centre sends its exams, each gets its verdict, and the experts grade what is accepted."""
        play = self.play
        (play.folder / "answers").mkdir()
        own: dict[tuple[str, str], list[ExamToSend]] = {}
        for order in self.orders:
            own.setdefault((order.question, order.centre), []).append(order)
        jobs = [
            (
                exams.send_exams,
                (play.tokens[self.uploader(centre)], self.slug, tuple(sent), self._answers(question, centre)),
            )
            for (question, centre), sent in own.items()
        ]
        play.together("Centres send their exams", jobs)
        verdicts = (play.olga, self.slug, len(self.orders), 10.0 * len(self.orders) + 1800)
        play.together("Every exam has its verdict", [(exams.await_verdicts, verdicts)])
        play.together("Organiser decides reviews", [(organiser.decide_reviews, (play.olga, self.slug))])
        play.settle()
        experts = [(reading.read_all, (play.tokens[self.reader(name)], self.slug, name)) for name in self.questions]
        play.together("Experts grade A to D", experts)

    def _answers(self, question: str, centre: str) -> str:
        return str(self.play.folder / "answers" / f"{question}-{slug(centre)}.pickle")

    def send_late(self, late: ExamToSend) -> None:
        words = (self.play.tokens[self.uploader(late.centre)], self.slug, replace(late, seed=late.seed + 900))
        self.play.together("An exam after the end of inclusion", [(exams.send_late, words)])

    def register(self, waiver: str = "") -> dict[str, list[str]]:
        """Teams apply, invite their members, sign, are approved and enter; team -> the rules that were waived for it."""
        play = self.play
        jobs = [
            (teams.register, ({person.email: play.tokens[person.email] for person in people}, self.slug, name, people))
            for name, people in self.teams.items()
        ]
        play.together("Teams apply, invite, sign", jobs)
        approval = (play.olga, self.slug, waiver)
        (waived,) = play.together("Organiser approves the teams", [(organiser.approve_teams, approval)])
        play.together("Teams enter their questions", [self.entry(name) for name in self.teams])
        return dict(waived)

    def entry(self, team: str) -> Job:
        questions = sorted({plan.question for plan in self.edition.teams if plan.name == team})
        return teams.enter, (self.lead(team), self.slug, questions)

    def freeze(self) -> None:
        seconds = 1800 + 2.0 * len(self.orders)
        jobs = [(organiser.freeze, (self.play.olga, self.slug, question, seconds)) for question in self.questions]
        self.play.together("Sets are frozen, archives built", jobs)

    def batch(self, moment: str, name: str, sizes: Mapping[str, int]) -> None:
        """Before its moment nobody sees the batch; then every team that entered fetches it. `sizes`: its exams by question."""
        play = self.play
        entries = [(plan.name, plan.question) for plan in self.edition.teams]
        checks = [(teams.released, (self.lead(team), self.slug, question)) for team, question in entries]
        if any(name in seen for seen in play.together(f"Nobody sees {name} yet", checks)):
            raise RuntimeError(f"a team sees {name} before its release")
        play.go_to(moment)
        jobs = [(teams.download, (self.lead(team), self.slug, question, name)) for team, question in entries]
        for (team, question), count in zip(entries, play.together(f"Teams download {name}", jobs), strict=True):
            if count != sizes[question]:
                raise RuntimeError(f"{team} got {count} exams of {question} in {name}")

    def submit(self, title: str, plans: Sequence[TeamPlan], batch: str) -> list[str]:
        """How the submission of each plan ended."""
        answers = str(self.play.folder / "answers")
        jobs = [
            (teams.submit, (self.lead(plan.name), self.small, plan, batch, answers, SUBMISSION_SECONDS))
            for plan in plans
        ]
        return self.play.together(title, jobs)

    def submit_in_time(self, batch: str) -> None:
        plans = [plan for plan in self.edition.teams if plan.does in ("sends", "malformed")]
        for plan, state in zip(plans, self.submit("Teams submit in their window", plans, batch), strict=True):
            if state != ("rejected" if plan.does == "malformed" else "scored"):
                raise RuntimeError(f"{plan.name} in {plan.question} ended as {state}")

    def submit_late(self, questions: Sequence[str], batch: str) -> None:
        plans = [plan for plan in self.edition.teams if plan.does == "late" and plan.question in questions]
        states = self.submit(f"Late: {', '.join(questions)}", plans, batch)
        if any(state != "refused: closed" for state in states):
            raise RuntimeError(f"late submissions ended as {states}")

    def announce(self, part: str, at: str) -> None:
        jobs = [(organiser.publish, (self.play.olga, self.slug, question, part, at)) for question in self.questions]
        self.play.together("Rankings published, winners decided", jobs)

    def results(self) -> dict[str, Any]:
        """The tables of the results page, as a visitor gets them."""
        return results(self.play.site.address, self.slug)

    def pages(self) -> list[dict[str, Any]]:
        return self.play.slowest_pages(self.slug, self.questions)

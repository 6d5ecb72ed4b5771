"""Small editions of the challenges that were really run: who takes part, what is sent, and the published result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from demo.phantoms import flair, liver, lung, nodules, sarcopenia
from demo.phantoms.phantom import Phantom
from demo.site import ROOT

MAKERS = {"sarcopenia": sarcopenia.make, "nodules": nodules.make, "ms-edss": flair.make, "mtm-hcc": liver.make,
          "lung-tumour": lung.make}  # fmt: skip


@dataclass(frozen=True)
class ExamToSend:
    """One exam to be made and sent by one centre."""

    question: str
    seed: int
    centre: str
    grade: str = "A"
    flaw: str = ""
    again: bool = False  # sent a second time, byte for byte
    more: tuple[tuple[str, Any], ...] = ()

    def make(self) -> Phantom:
        return MAKERS[self.question](  # type: ignore[operator]
            self.seed, self.centre, flaw=self.flaw, grade=self.grade, **dict(self.more)
        )


@dataclass(frozen=True)
class TeamPlan:
    """What a team does in one question: sends a result, sends it too late, sends nonsense, or nothing."""

    name: str
    question: str
    does: str = "sends"  # sends | late | malformed | nothing
    aim: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Edition:
    """One challenge: its questions with their centres, exams and teams."""

    slug: str
    title: dict[str, str]
    questions: dict[str, dict[str, Any]]
    orders: tuple[ExamToSend, ...]
    teams: tuple[TeamPlan, ...]
    jurors: int = 0

    def centres(self) -> list[str]:
        return sorted({order.centre for order in self.orders})

    def team_names(self) -> list[str]:
        return sorted({plan.name for plan in self.teams})


def question_file(slug: str, changes: dict[str, Any], now: datetime) -> str:
    """The catalogue's file with this edition's sizes, and with windows around today."""
    path = ROOT / "concours" / "questions" / "catalogue" / f"{slug}.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    day = timedelta(days=1)
    for phase in document["phases"].values():
        phase["opens"], phase["closes"] = (now - day).isoformat(), (now + day).isoformat()
    for batch in document["batches"]:
        batch["released_at"] = (now + day).isoformat()
    if "reveal_at" in document.get("leaderboard", {}):
        document["leaderboard"]["reveal_at"] = (now + day).isoformat()
    for place, value in changes.items():
        node = document
        *parents, last = place.split(".")
        for name in parents:
            node = node[name]
        node[last] = value
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)


SARCOPENIA_SUMS = {"Owkin": 4, "Milvue": 6, "GAMC": 7, "LyPhTe": 7, "LEVIATAN": 10, "Autonomous Radio": 11,
                   "Tripode-Rouen": 11, "Axone": 16}  # fmt: skip
NODULES_AUC = {"IBM-France-Cognitive": 0.899, "Aidence": 0.878, "LyPhTe": 0.838, "GAMC": 0.793, "Owkin": 0.768,
               "NAIS": 0.681, "ONCONEURAL": 0.644}  # fmt: skip
NODULES_SILENT = ("Autonomous Radio", "LEVIATAN", "biSEPs", "Dapsi-AI", "EASYPICKY", "ILLUIN TECHNOLOGY")
MS_MSE = {"Ghicl-Pixyl": 3.04, "icometrix": 3.80, "LyPhTe": 3.92, "Azmed": 4.61, "ALICEMEDICAL": 5.47}
MS_SILENT = ("Autonomous Radio", "Axone", "GAMC", "LEVIATAN", "NAIS", "ONCONEURAL", "Owkin")


def _silent(names: tuple[str, ...], question: str) -> Iterator[TeamPlan]:
    """N.S. for three different reasons: too late, only nonsense, nothing at all."""
    for number, name in enumerate(names):
        yield TeamPlan(name, question, ("late", "malformed", "nothing")[min(number, 2)])


def sfr2019() -> Edition:
    orders = [ExamToSend("sarcopenia", 1000 + n, ("Pitié-Salpêtrière", "Gustave Roussy", "Nîmes")[min(2, n % 5 // 2)],
                    "ABC"[n % 3]) for n in range(13)]  # fmt: skip
    orders.append(ExamToSend("sarcopenia", 1050, "Nîmes", "D"))
    orders += [ExamToSend("sarcopenia", 1100 + n, "Nîmes", flaw=flaw) for n, flaw in enumerate(sarcopenia.FLAWS)]
    orders.append(ExamToSend("sarcopenia", 1000, "Pitié-Salpêtrière", again=True))
    # 13 abnormal and 24 normal exams in the test set are the fewest with which the seven published AUC can be reached.
    orders += [ExamToSend("nodules", 2000 + n, ("Bichat", "Nîmes")[n % 3 // 2], "AB"[n % 2], more=(("abnormal", n < 14),))
               for n in range(40)]  # fmt: skip
    orders += [ExamToSend("nodules", 2100 + n, "Nîmes", flaw=flaw, more=(("abnormal", True),))
               for n, flaw in enumerate(nodules.FLAWS)]  # fmt: skip
    grades = (0, 1, 1.5, 2, 3, 3.5, 4, 6, 6.5, 8)
    orders += [ExamToSend("ms-edss", 3000 + n, "OFSEP", more=(("edss", edss),)) for n, edss in enumerate(grades)]
    orders += [
        ExamToSend("ms-edss", 3100 + n, "OFSEP", flaw=flaw, more=(("edss", 2.0),)) for n, flaw in enumerate(flair.FLAWS)
    ]
    teams = [TeamPlan(name, "sarcopenia", aim={"sum": total}) for name, total in SARCOPENIA_SUMS.items()]
    teams += [TeamPlan(name, "nodules", aim={"auc": auc}) for name, auc in NODULES_AUC.items()]
    teams += [TeamPlan(name, "ms-edss", aim={"mse": mse}) for name, mse in MS_MSE.items()]
    teams += [*_silent(NODULES_SILENT, "nodules"), *_silent(MS_SILENT, "ms-edss")]
    return Edition(
        slug="sfr2019",
        title={"en": "JFR 2019 data challenge", "fr": "Data challenge JFR 2019"},
        questions={
            "sarcopenia": {"split.sets": {"training": 3, "validation": 3, "test": 7}},
            "nodules": {"split.sets": {"training": 2, "validation": 1, "test": 37}},
            "ms-edss": {"split.sets": {"training": 2, "validation": 2, "test": 6}, "split.stratify": ["centre"]},
        },
        orders=tuple(orders),
        teams=tuple(teams),
    )


def sfr2021() -> Edition:
    orders = [ExamToSend("mtm-hcc", 4000 + n, ("Henri-Mondor", "Beaujon")[n % 4 // 3]) for n in range(9)]
    orders += [ExamToSend("mtm-hcc", 4100 + n, "Beaujon", flaw=flaw) for n, flaw in enumerate(liver.FLAWS)]
    quality = {"Equipe Un": 0.0, "Equipe Deux": 0.35, "Equipe Trois": 0.6, "Equipe Quatre": 0.9}
    teams = [TeamPlan(name, "mtm-hcc", aim={"oddness": odd, "cases": 24}) for name, odd in quality.items()]
    teams.append(TeamPlan("Equipe Cinq", "mtm-hcc", aim={"oddness": 0.75, "cases": 8}))
    teams.append(TeamPlan("Equipe Six", "mtm-hcc", "nothing"))
    return Edition(
        slug="sfr2021",
        title={"en": "SFR 2021: generate a rare liver tumour", "fr": "SFR 2021 : générer une tumeur rare du foie"},
        questions={
            "mtm-hcc": {
                "split.sets": {"batch-1": 3, "batch-2": 3, "batch-3": 3},
                "submission.generated.cases": 24,
                "submission.generated.minimum": 8,
                "metrics.diversity.params": {"batches": 2, "batch_size": 4, "repeats": 20},
                "jury.cases": 3,
                "jury.jurors": 2,
            }
        },
        orders=tuple(orders),
        teams=tuple(teams),
        jurors=2,
    )


def pscc2023() -> Edition:
    orders = [ExamToSend("lung-tumour", 5000 + n, ("Institut A", "Institut B")[n % 3 // 2]) for n in range(8)]
    orders += [ExamToSend("lung-tumour", 5100 + n, "Institut B", flaw=flaw) for n, flaw in enumerate(lung.FLAWS)]
    wear = {"Alveole": 0.04, "Bronche": 0.08, "Carene": 0.13, "Diaphragme": 0.2, "Epithelium": 0.3, "Fissure": 0.42}
    teams = [TeamPlan(name, "lung-tumour", aim={"wear": share}) for name, share in wear.items()]
    teams.append(TeamPlan("Ganglion", "lung-tumour", "nothing"))
    return Edition(
        slug="pscc2023",
        title={"en": "PSCC 2023: lung tumours", "fr": "PSCC 2023 : tumeurs du poumon"},
        # Two students a team are the rule; this small edition lets one person be a team.
        questions={"lung-tumour": {"split.sets": {"training": 3, "test": 5}, "rules.team.waivable": True}},
        orders=tuple(orders),
        teams=tuple(teams),
    )


def editions() -> tuple[Edition, ...]:
    return sfr2019(), sfr2021(), pscc2023()


def today() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)

"""Who stands where: ties, N.S., baselines, exclusions, the submission that counts, and snapshots that do not repeat."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from challenges.teams import exclude_entry
from core.claims import claim_row
from core.models import Work
from core.work import enqueue
from leaderboard import rank as stage
from leaderboard.models import Placing, Ranking
from scoring.submit import choose_final
from tests.factories.contests import Contest, contest
from tests.factories.exams import work_all
from tests.factories.people import member_of, team_in
from tests.factories.submissions import sent

pytestmark = pytest.mark.django_db


def lines(scene: Contest) -> list[tuple[Any, str, str]]:
    ranking = Ranking.objects.filter(phase=scene.phase, part="all").latest("number")
    return [(placing.place, placing.team.name, placing.status) for placing in ranking.placings.all()]


def test_everybody_who_entered_has_one_line_and_only_the_ranked_a_place() -> None:
    scene = contest({"ranking": {"tie_break": []}})
    teams = {
        name: team_in(scene.question, name, baseline=name == "Base") for name in ("A", "B", "C", "Gone", "Bad", "Base")
    }
    team_in(scene.question, "Absent")
    for name, wear in (("A", 1), ("B", 1), ("C", 2), ("Gone", 0), ("Bad", 0), ("Base", 0)):
        sent(scene.question, teams[name], scene.entry(wear=wear, off=wear))
    exclude_entry(entry=teams["Bad"].entries.get(), actor=None, reason="copied labels")
    type(teams["Gone"]).objects.filter(pk=teams["Gone"].pk).update(state="withdrawn")
    work_all()
    assert lines(scene) == [
        (1, "A", "ranked"),
        (1, "B", "ranked"),
        (3, "C", "ranked"),
        (None, "Absent", "N.S."),
        (None, "Gone", "N.S."),
        (None, "Bad", "excluded"),
        (None, "Base", "baseline"),
    ]
    ranking = Ranking.objects.latest("number")
    assert ranking.snapshot["ranked_set"] == ["A", "B", "C"]
    assert ranking.placings.get(team=teams["Bad"]).reason == "copied labels"
    for absent in ranking.placings.filter(status="N.S."):
        assert set(absent.scores.values()) == {None} and absent.total is None and absent.ranks == {}


def test_the_last_submission_counts_unless_the_team_chose_one() -> None:
    scene = contest()
    a, b = team_in(scene.question, "A"), team_in(scene.question, "B")
    early = scene.phase.opens + timedelta(hours=1)
    best = sent(scene.question, a, scene.entry(wear=0), at=early)
    sent(scene.question, a, scene.entry(wear=3, off=9), at=early + timedelta(minutes=1))
    sent(scene.question, b, scene.entry(wear=1, off=1), at=early)
    work_all()
    assert lines(scene)[:2] == [(1, "B", "ranked"), (2, "A", "ranked")]
    choose_final(submission=best, actor=member_of(a))
    work_all()
    assert lines(scene)[:2] == [(1, "A", "ranked"), (2, "B", "ranked")]


def test_a_result_that_is_the_same_makes_no_new_ranking() -> None:
    scene = contest()
    sent(scene.question, team_in(scene.question, "A"), scene.entry(wear=1))
    work_all()
    before = list(Ranking.objects.values("number", "sha256"))
    enqueue("rank_phase", str(scene.phase.pk))
    assert work_all() == ["rank_phase"]
    assert list(Ranking.objects.values("number", "sha256")) == before
    sent(scene.question, team_in(scene.question, "B"), scene.entry(wear=2))
    work_all()
    assert Ranking.objects.latest("number").number == before[0]["number"] + 1


def test_killed_before_its_last_line_there_is_no_half_ranking(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = contest()
    sent(scene.question, team_in(scene.question, "A"), scene.entry(wear=1))
    work_all(("accept_submission", "validate_submission", "score_submission"))
    claim = claim_row(Work.objects.get(stage="rank_phase").pk)
    assert claim is not None

    class Killed(Exception):
        pass

    def dies(*_arguments: Any, **_named: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(stage.Placing.objects, "bulk_create", dies)
        with pytest.raises(Killed):
            stage.rank_phase(claim)
    assert not Ranking.objects.exists()
    stage.rank_phase(claim)
    assert Ranking.objects.count() == 1 and Placing.objects.count() == 1


def test_statistics_are_made_of_the_cases_of_the_ranked_teams_alone() -> None:
    scene = contest()
    for name, wear in (("A", 0), ("B", 1), ("C", 2)):
        sent(scene.question, team_in(scene.question, name), scene.entry(wear=wear, off=wear))
    sent(scene.question, team_in(scene.question, "Base", baseline=True), scene.entry())
    work_all()
    statistics = Ranking.objects.latest("number").statistics
    assert set(statistics["bootstrap"]["teams"]) == {"A", "B", "C"}
    first = statistics["bootstrap"]["teams"]["A"]
    assert first["scores"]["dice"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert first["first_probability"] == 1.0
    second = statistics["bootstrap"]["teams"]["B"]["scores"]["dice"]
    assert second["low"] < second["value"] < second["high"]
    assert statistics["significance"]["dice"]["test"] == "paired permutation"


def test_finalists_are_ranked_again_and_the_next_steps_up_when_one_is_excluded() -> None:
    final = {"finalists": 2, "ranking": {"rule": "best_score", "by": ["surface_mse"], "tie_break": ["submitted_at"]}}
    scene = contest({"ranking": {"rule": "best_score", "by": ["dice"], "tie_break": []}, "final": final})
    teams = {name: team_in(scene.question, name) for name in ("A", "B", "C")}
    for name, wear, off in (("A", 0, 9), ("B", 1, 1), ("C", 2, 4)):
        sent(scene.question, teams[name], scene.entry(wear=wear, off=off))
    work_all()

    def finalists() -> list[tuple[Any, str]]:
        newest = Ranking.objects.filter(part="final").latest("number")
        return [(placing.place, placing.team.name) for placing in newest.placings.all()]

    assert lines(scene)[0][1] == "A" and finalists() == [(1, "B"), (2, "A")]
    exclude_entry(entry=teams["A"].entries.get(), actor=None, reason="the re-run differs")
    enqueue("rank_phase", str(scene.phase.pk))
    work_all()
    assert finalists() == [(1, "B"), (2, "C")]
    assert not Ranking.objects.exclude(published_at=None).exists()

"""Pictures of single cases are drawn from the ranked teams' cases of the ranked part, and of nothing that names a case."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from challenges.teams import exclude_entry
from core.work import enqueue
from leaderboard import plot_data as module
from leaderboard.models import Ranking
from leaderboard.plots.roc import roc_points
from leaderboard.publish import publish_ranking
from scoring.models import CaseScore, JuryCase
from tests.factories.contests import Contest, contest
from tests.factories.exams import work_all
from tests.factories.juries import generated
from tests.factories.people import person, team_in
from tests.factories.questions import close_phase, deciding_phase, reopen_phase
from tests.factories.submissions import sent
from tests.leaderboard.nodules import nodules

pytestmark = pytest.mark.django_db


def played(changes: dict[str, Any] | None = None, teams: tuple[tuple[str, int], ...] = (("A", 1), ("B", 2))) -> Contest:
    scene = contest(changes)
    for name, wear in teams:
        sent(scene.question, team_in(scene.question, name), scene.entry(wear=wear, off=2.5 * wear))
    sent(scene.question, team_in(scene.question, "Base", baseline=True), scene.entry())
    out = team_in(scene.question, "Out")
    sent(scene.question, out, scene.entry(wear=3))
    exclude_entry(entry=out.entries.get(), actor=None, reason="copied labels")
    work_all()
    return scene


def plots(part: str = "all") -> dict[str, Any]:
    result: dict[str, Any] = Ranking.objects.filter(part=part).latest("number").statistics["plots"]
    return result


def test_strips_hold_every_case_of_the_ranked_teams_and_errors_where_the_score_is_of_errors() -> None:
    scene = played()
    strips = plots()["cases"]
    assert set(strips) == {"dice", "surface_mse"} and "roc" not in plots() and "plane" not in plots()
    assert strips["dice"]["teams"] == ["A", "B"] and strips["dice"]["how"] == "value"
    expected = sorted(
        CaseScore.objects.filter(evaluation__submission__team__name="A", name="dice").values_list("value", flat=True)
    )
    assert strips["dice"]["values"][0] == pytest.approx(expected, rel=1e-3) and len(expected) == len(scene.masks)
    assert strips["surface_mse"]["how"] == "absolute_error"
    assert np.array(strips["surface_mse"]["values"][1]) == pytest.approx(5.0, rel=1e-3)


def test_nothing_kept_names_a_case_or_stands_in_the_snapshot() -> None:
    scene = played()
    text = json.dumps(plots())
    assert not [case for case in scene.masks if case in text]
    assert "plots" not in Ranking.objects.get().snapshot["statistics"]


def test_each_part_is_drawn_from_its_own_cases() -> None:
    played({"leaderboard": {"public_share": 0.5}})
    values = {part: plots(part)["cases"]["dice"]["values"][0] for part in ("all", "public", "private")}
    assert len(values["public"]) == len(values["private"]) == 2
    assert sorted(values["public"] + values["private"]) == values["all"]


def test_a_running_board_keeps_the_pictures_of_its_newest_ranking_alone() -> None:
    scene = played({"leaderboard": {"public_share": 0.5}})
    close_phase(scene.phase)
    publish_ranking(ranking=Ranking.objects.get(part="private"), actor=person("Olga"))
    reopen_phase(scene.phase)
    for name, wear in (("C", 3), ("D", 4)):
        sent(scene.question, team_in(scene.question, name), scene.entry(wear=wear))
        work_all()
    remaining = [
        (row.part, row.number) for row in Ranking.objects.order_by("part", "number") if "plots" in row.statistics
    ]
    # The published one stays as people see it; of `all`, which nobody published, the newest is enough.
    assert remaining == [("all", 3), ("private", 1), ("private", 3), ("public", 3)]


def test_curves_are_those_of_the_probabilities_that_teams_sent() -> None:
    scene = nodules()
    cases = sorted(scene.abnormal)
    predicted = {"A": dict(zip(cases, (0.1, 0.4, 0.3, 0.9), strict=True)), "B": dict.fromkeys(cases, 0.5)}
    for team, probabilities in predicted.items():
        scene.send(team, probabilities)
    work_all()
    result = plots()["roc"]["auc"]
    assert set(result["teams"]) == set(predicted) and "cases" not in plots()
    truth = np.array([scene.abnormal[case] == 1 for case in cases])
    for team, points in zip(result["teams"], result["curves"], strict=True):
        expected = roc_points(truth, np.array([predicted[team][case] for case in cases]))
        assert np.array(points) == pytest.approx(expected, abs=1e-5)


def test_the_plane_holds_real_and_generated_cases_with_the_jurys_marked(judged: Any) -> None:
    assert plots()["plane"]["jury"] == []  # ranked before the jury's cases were chosen
    sent(judged, team_in(judged, "Bats"), generated(np.random.default_rng(5), 8))
    work_all()
    result = plots()["plane"]
    assert sorted(result["teams"]) == ["Bats", "Cats", "Owls"]
    assert result["cases"][0] == 6 and sorted(result["cases"][1:]) == [8, 10, 10]
    assert len(result["positions"]) == len(result["source"]) == 6 + 10 + 10 + 8
    assert np.isfinite(np.array(result["positions"], float)).all()
    owls = result["teams"].index("Owls") + 1
    first = result["source"].index(owls)
    marked = {index - first for index in result["jury"] if result["source"][index] == owls}
    assert marked == set(JuryCase.objects.filter(submission__team__name="Owls").values_list("index", flat=True))
    assert len(result["jury"]) == JuryCase.objects.count() == 6


def test_the_plane_is_seeded_limited_and_not_computed_again_for_the_same_cases(
    judged: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    phase = deciding_phase(judged)

    def ranked_again() -> dict[str, Any]:
        Ranking.objects.update(sha256="another")
        enqueue("rank_phase", str(phase.pk))
        assert work_all() == ["rank_phase"]
        return plots()["plane"]

    first = ranked_again()
    with monkeypatch.context() as patched:
        patched.setattr(module, "tsne_plane", None)
        assert ranked_again() == first
    Ranking.objects.update(statistics={})
    assert ranked_again() == first
    monkeypatch.setattr(module, "MOST_POINTS", 8)
    few = ranked_again()
    # Four of each team, and the jury's three are always among them.
    assert np.bincount(few["source"]).tolist() == [6, 4, 4] and len(few["jury"]) == 6
    assert few["cases"] == [6, 10, 10]


def test_teams_embedded_by_different_networks_share_no_plane(judged: Any) -> None:
    newest = Ranking.objects.latest("number")
    evaluation = newest.placings.exclude(evaluation=None)[0].evaluation
    evaluation.provenance["embedding"]["sha256"] = "0" * 64
    evaluation.save(update_fields=["provenance"])
    Ranking.objects.update(sha256="another")
    enqueue("rank_phase", str(deciding_phase(judged).pk))
    work_all()
    assert "plots" not in Ranking.objects.latest("number").statistics

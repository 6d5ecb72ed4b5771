"""Scores that an organiser enters as a table, and what is measured on a method: entered, ranked, shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from challenges.models import Phase, Question, Team
from concours import metrics
from core.models import AuditRecord, User, Work
from leaderboard.models import Ranking
from leaderboard.publish import publish_ranking
from scoring.declared import FIELD
from scoring.entered import enter_scores, record_measurement, scores_table
from scoring.models import Evaluation, Submission
from scoring.submit import submit
from tests.factories.contests import contest
from tests.factories.exams import work_all
from tests.factories.people import member_of, person, team_in
from tests.factories.questions import close_phase, deciding_phase, question
from tests.factories.submissions import sent, stored_upload
from uploads.store import METADATA

pytestmark = pytest.mark.django_db

EXTERNAL: dict[str, Any] = {
    "kind": "external",
    "submission": {"table": None, "masks": None},
    "metrics": {
        "dice": None,
        "surface_mse": None,
        "hausdorff": {"metric": "external", "direction": "lower"},
        "speed": {"metric": "external", "direction": "higher", "title": {"en": "Speed", "fr": "Vitesse"}},
    },
    "ranking": {"rule": "rank_sum", "by": ["hausdorff", "speed"], "tie_break": ["hausdorff"]},
}


def api(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def outside() -> tuple[Question, Phase, dict[str, Team], dict[str, Submission]]:
    """A question that the organisers score themselves, with three teams and what two of them sent."""
    question_row = question(changes=EXTERNAL)
    teams = {name: team_in(question_row, name) for name in ("Owls", "Foxes", "Newts")}
    submissions = {name: sent(question_row, teams[name], b"a container image") for name in ("Owls", "Foxes")}
    work_all()
    return question_row, deciding_phase(question_row), teams, submissions


def placings(phase: Phase) -> dict[str, tuple[int | None, str]]:
    ranking = phase.rankings.order_by("-number").first()
    assert ranking is not None
    return {entry.team.name: (entry.place, entry.status) for entry in ranking.placings.select_related("team")}


def test_a_submission_to_an_external_question_is_valid_and_waits_in_no_queue() -> None:
    _, _, teams, submissions = outside()
    submissions["Owls"].refresh_from_db()
    assert submissions["Owls"].state == Submission.State.VALID
    assert not Work.objects.filter(state="waiting", stage__in=["validate_submission", "score_submission"]).exists()
    shown = api(member_of(teams["Owls"])).get(f"/api/v1/submissions/{submissions['Owls'].pk}/").json()
    assert "program of their own" in shown["notes"][0]["message"]


def test_a_table_is_entered_ranked_and_kept_with_its_hash() -> None:
    _, phase, _, submissions = outside()
    table = b"team,hausdorff,speed\nOwls,4.5,10\nfoxes,3.0,\n"
    assert enter_scores(phase=phase, content=table, file_name="s.csv", actor=person("Olga")) == 2
    work_all()
    # Ranks 1 + 2 each: the better hausdorff wins the tie.
    assert placings(phase) == {"Foxes": (1, "ranked"), "Owls": (2, "ranked"), "Newts": (None, "N.S.")}
    evaluation = Evaluation.objects.get(submission=submissions["Foxes"])
    assert (evaluation.truth, evaluation.entered_by) == (None, person("Olga"))
    assert {score.name: (score.value, score.reason) for score in evaluation.scores.all()} == {
        "hausdorff": (3.0, ""),
        "speed": (None, "missing_value"),
    }
    submissions["Foxes"].refresh_from_db()
    assert submissions["Foxes"].state == Submission.State.SCORED
    assert AuditRecord.objects.filter(verb="scores entered").get().detail["rows"] == 2


def test_entered_again_the_newest_table_counts_and_the_old_one_stays() -> None:
    _, phase, _, submissions = outside()
    for worse in (b"4.5", b"2.5"):
        table = b"submission,hausdorff,speed\n%s,%s,10\n%s,3,10\n" % (
            str(submissions["Owls"].pk).encode(),
            worse,
            str(submissions["Foxes"].pk).encode(),
        )
        enter_scores(phase=phase, content=table, file_name="s.csv", actor=person("Olga"))
        work_all()
    assert placings(phase)["Owls"][0] == 1
    assert submissions["Owls"].evaluations.count() == 2


def test_every_error_of_a_table_is_told_at_once_and_nothing_is_written() -> None:
    address, phase, _, _ = outside()
    table = "team,hausdorff,part\nOwls,x,all\nOwls,1,\nNewts,2,\nFoxes,1e999,neither\n"
    body = {"question": f"cup/{address.slug}", "phase": phase.name, "table": table}
    answer = api(person("Olga")).post("/api/v1/submissions/scores/", body, format="json")
    assert answer.status_code == 400
    reasons = [error["reason"] for error in answer.json()["errors"]]
    assert sorted(reasons) == [
        "duplicate_id",
        "extra_id",
        "missing_column",
        "non_numeric",
        "non_numeric",
        "out_of_range",
    ]
    assert not Evaluation.objects.exists()


def test_the_table_to_fill_names_teams_and_submissions_and_comes_back_as_it_is() -> None:
    request, phase, _, submissions = outside()
    lines = scores_table(phase).splitlines()
    assert lines[0] == "team,submission,hausdorff,speed"
    assert lines[1] == f"Foxes,{submissions['Foxes'].pk},,"
    filled = "\n".join([lines[0], lines[1][:-1] + "1,2", lines[2][:-1] + "3,4"])
    filled = f"{lines[0]}\nFoxes,{submissions['Foxes'].pk},1,2\nOwls,{submissions['Owls'].pk},3,4\n"
    client = Client()
    client.force_login(person("Olga"))
    address = f"/c/cup/{request.slug}/ending/scores/"
    assert client.get(f"{address}table/?phase={phase.name}").content.decode() == scores_table(phase)
    page = client.get(f"/c/cup/{request.slug}/ending/").content.decode()
    assert "Enter the scores" in page and "hausdorff, speed" in page
    file = SimpleUploadedFile("scores.csv", filled.encode())
    answer = client.post(address, {"phase": phase.name, "table": file}, follow=True)
    assert "The scores are entered" in answer.content.decode()
    work_all()
    assert placings(phase)["Foxes"] == (1, "ranked")
    assert scores_table(phase).splitlines()[1].endswith("1.0,2.0")


def test_the_command_enters_a_table_and_lists_its_errors(tmp_path: Path) -> None:
    address, phase, _, _ = outside()
    table = tmp_path / "scores.csv"
    table.write_text("team,hausdorff,speed\nOwls,1,1\nFoxes,2,2\n", encoding="utf-8")
    call_command("enter_scores", f"cup/{address.slug}", str(table), "--by", "olga@example.org")
    work_all()
    assert placings(phase)["Owls"][0] == 1
    table.write_text("team,hausdorff\nOwls,one\n", encoding="utf-8")
    with pytest.raises(CommandError, match=r"(?s)speed.*one is not a finite number"):
        call_command("enter_scores", f"cup/{address.slug}", str(table), "--by", "olga@example.org")


def test_only_organisers_enter_scores_and_only_where_a_score_is_external() -> None:
    address, phase, teams, _ = outside()
    body = {"question": f"cup/{address.slug}", "phase": phase.name, "table": "team,hausdorff,speed\nOwls,1,1\n"}
    for user in (member_of(teams["Owls"]), person("Sam")):
        assert api(user).post("/api/v1/submissions/scores/", body, format="json").status_code in (403, 404)


def test_a_question_without_external_scores_takes_no_table() -> None:
    scene = contest()
    body = {"question": "cup/sarcopenia", "phase": scene.phase.name, "table": "team\nx\n"}
    answer = api(person("Olga")).post("/api/v1/submissions/scores/", body, format="json")
    assert answer.status_code == 400 and "no external score" in answer.json()["detail"]


def test_external_scores_stay_when_the_others_are_computed_again() -> None:
    mixed = {"metrics": {"speed": {"metric": "external", "direction": "higher"}}}
    scene = contest(mixed)
    team = team_in(scene.question, "Owls")
    submission = sent(scene.question, team, scene.entry())
    work_all()
    first = submission.evaluations.get()
    assert first.scores.get(name="speed", part="all").reason == "external"
    enter_scores(phase=scene.phase, content=b"team,speed\nOwls,12\n", file_name="s.csv", actor=person("Olga"))
    second = submission.evaluations.get(number=2)
    scores = {score.name: score.value for score in second.scores.filter(part="all")}
    assert scores == pytest.approx({"dice": 1.0, "surface_mse": 0.0, "speed": 12.0})
    work_all()
    assert second.case_scores.count() == first.case_scores.count() > 0
    body = {"question": "cup/sarcopenia", "phase": scene.phase.name, "reason": "a test"}
    assert api(person("Olga")).post("/api/v1/submissions/rescore/", body, format="json").status_code == 202
    work_all()
    third = submission.evaluations.get(number=3)
    assert third.scores.get(name="speed", part="all").value == 12.0


FRUGAL = {
    "metrics": {"frugality": {"metric": "frugality", "over": "declared"}},
    "ranking": {"rule": "rank_sum", "by": ["dice", "frugality"], "tie_break": ["dice"]},
}


def test_frugality_counts_as_declared_then_as_measured() -> None:
    scene = contest(FRUGAL)
    figures = {"Owls": {"parameters": 1e6, "seconds": 1}, "Foxes": {"parameters": 5e6, "seconds": 1}}
    submissions = {}
    for name, declared in figures.items():
        submission = sent(scene.question, team_in(scene.question, name), scene.entry())
        body = {"upload": str(submission.upload_id), "declared": declared}
        assert api(member_of(submission.team)).post("/api/v1/submissions/", body, format="json").status_code == 201
        submissions[name] = submission
    work_all()
    assert {name: place for name, (place, _) in placings(scene.phase).items()} == {"Owls": 1, "Foxes": 2}
    measured = {"parameters": "90e6", "seconds": 2}
    address = f"/api/v1/submissions/{submissions['Owls'].pk}/measure/"
    assert (
        api(member_of(submissions["Owls"].team)).post(address, {"measured": measured}, format="json").status_code == 403
    )
    answer = api(person("Olga")).post(address, {"measured": measured}, format="json")
    assert answer.status_code == 200 and answer.json()["measured"] == {"parameters": 90e6, "seconds": 2.0}
    work_all()
    assert {name: place for name, (place, _) in placings(scene.phase).items()} == {"Foxes": 1, "Owls": 2}
    score = submissions["Owls"].evaluations.order_by("-number").first().scores.get(name="frugality", part="all")
    assert score.details["differs"] == ["parameters", "seconds"]
    record_measurement(submission=submissions["Owls"], measured={"parameters": "", "seconds": ""}, actor=person("Olga"))
    work_all()
    assert placings(scene.phase)["Owls"][0] == 1


def test_figures_that_nobody_asks_for_or_that_are_no_numbers_are_refused() -> None:
    scene = contest(FRUGAL)
    submission = sent(scene.question, team_in(scene.question, "Owls"), scene.entry())
    address = f"/api/v1/submissions/{submission.pk}/measure/"
    answer = api(person("Olga")).post(address, {"measured": {"gpu": "A100", "seconds": -1}}, format="json")
    assert answer.status_code == 400
    assert sorted(error["reason"] for error in answer.json()["errors"]) == ["extra_id", "out_of_range"]


def test_the_page_of_a_submission_shows_figures_and_details_to_those_who_may() -> None:
    scene = contest(FRUGAL)
    team = team_in(scene.question, "Owls")
    submission = sent(scene.question, team, scene.entry())
    work_all()
    organiser, member = Client(), Client()
    organiser.force_login(person("Olga"))
    member.force_login(member_of(team))
    address = f"/submissions/{submission.pk}/"
    assert "Record the measurement" in organiser.get(address).content.decode()
    assert "What lies behind" in organiser.get(address).content.decode()
    answer = organiser.post(f"{address}measure/", {"parameters": "2000000", "seconds": "3"}, follow=True)
    assert "2000000" in answer.content.decode()
    assert "What lies behind" not in member.get(address).content.decode()
    assert api(member_of(team)).get(f"/api/v1/submissions/{submission.pk}/").json()["details"] == {}
    work_all()
    close_phase(scene.phase)
    ranking = Ranking.objects.filter(phase=scene.phase, part="all").order_by("-number").first()
    publish_ranking(ranking=ranking, actor=person("Olga"))
    assert "What lies behind" in member.get(address).content.decode()
    details = api(member_of(team)).get(f"/api/v1/submissions/{submission.pk}/").json()["details"]
    assert details["all"]["dice"] == {"cases": 4}


def test_figures_that_come_with_the_bytes_are_declared() -> None:
    scene = contest(FRUGAL)
    team = team_in(scene.question, "Owls")
    upload = stored_upload(scene.question, team, scene.entry(), declared_parameters="2e6", declared_seconds="0.5")
    assert submit(upload=upload, actor=upload.owner).declared == {"parameters": 2e6, "seconds": 0.5}
    names = {f"{FIELD}{declare.name}" for name in metrics.names() for declare in metrics.find(name).declares}
    assert names == {key for key in METADATA if key.startswith(FIELD)}

"""Generated cases: scored against every released one, chosen by clusters, marked blind, and shown when all have finished."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from rest_framework.test import APIClient

from challenges.models import Question
from challenges.revoke import revoke_role
from concours.evaluation.clusters import nearest_to_centres
from core.errors import InvalidInputError, NotAllowedError
from core.models import AuditRecord
from core.readiness import NotReadyError
from leaderboard.models import Ranking
from leaderboard.publish import publish_ranking
from scoring.jury import (
    JuryFinishedError,
    agreement,
    begin_session,
    cases_in_order,
    finish_session,
    jury_scores,
    mark,
)
from scoring.models import Evaluation, JuryCase, JurySession, Score, Truth
from scoring.score import artefacts_of
from tests.factories.exams import work_all
from tests.factories.juries import CRITERIA, judged_question
from tests.factories.people import juror_of, member_of, person
from tests.factories.questions import deciding_phase
from uploads.models import Annotation


@pytest.fixture
def judged(db: None) -> Question:
    """Two teams whose ten cases are scored, the jury's three of each chosen."""
    return judged_question()


def marks_of(value: int) -> dict[str, int]:
    return dict.fromkeys(CRITERIA, value)


def test_from_embeddings_to_a_ranking_with_the_jurys_score(judged: Question) -> None:
    assert Truth.objects.count() == 3
    assert not Annotation.objects.exclude(sealed_at=None).exists(), "what teams have for training is not removed"
    entry = Evaluation.objects.all()[0]
    arrays = artefacts_of(entry)
    assert arrays["real"].shape == (6, 1280) and arrays["generated"].shape == (10, 1280)
    assert entry.provenance["embedding"]["name"] and len(entry.provenance["truths"]) == 3
    assert {row.name for row in Score.objects.filter(evaluation=entry)} == {"fid", "diversity"}
    phase = deciding_phase(judged)
    provisional = Ranking.objects.filter(phase=phase).latest("number")
    assert provisional.snapshot["awaits_jury"] and "qualitative" not in provisional.snapshot["rule"]["by"]
    with pytest.raises(NotReadyError) as refused:
        publish_ranking(ranking=provisional, actor=person("Olga"))
    assert {fault.reason for fault in refused.value.faults} == {"provisional", "phase_open"}

    cases = list(JuryCase.objects.filter(question=judged))
    assert len(cases) == 6 and {case.submission.team.name for case in cases if case.submission} == {"Owls", "Cats"}
    owls = {case.pk for case in cases if case.submission and case.submission.team.name == "Owls"}
    jurors = [juror_of(judged, name) for name in ("Jo", "Jil")]
    sessions = [begin_session(question=judged, juror=juror) for juror in jurors]
    assert begin_session(question=judged, juror=jurors[0]).pk == sessions[0].pk
    orders = [[case.pk for case in cases_in_order(session)] for session in sessions]
    assert sorted(orders[0], key=str) == sorted(orders[1], key=str) and orders[0] == [
        case.pk for case in cases_in_order(sessions[0])
    ]
    for session, better in zip(sessions, (4, 3), strict=True):
        for case in cases_in_order(session):
            mark(session=session, case=case, marks=marks_of(better if case.pk in owls else 1))
    finish_session(session=sessions[0], actor=jurors[0])
    assert jury_scores(judged) is None and agreement(judged) == {}
    finish_session(session=sessions[1], actor=jurors[1])
    by_team = {case.submission.team.name: case.submission_id for case in cases if case.submission}
    assert jury_scores(judged) == {by_team["Owls"]: 17.5, by_team["Cats"]: 5.0}
    assert agreement(judged)["liver"]["difference"] == 0.5
    assert "rank_phase" in work_all()
    final = Ranking.objects.filter(phase=phase).latest("number")
    assert final.number == provisional.number + 1 and not final.snapshot["awaits_jury"]
    lines = {placing.team.name: placing for placing in final.placings.all()}
    assert lines["Owls"].place == 1 and lines["Owls"].scores["qualitative"] == pytest.approx(17.5 / 20, abs=0.01)
    placings = {placing["team"]: placing for placing in final.snapshot["placings"]}
    for name, qualitative in (("Owls", 17.5 / 20), ("Cats", 0.25)):
        scores = placings[name]["scores"]
        worst = max(row["scores"]["fid"] for row in placings.values())
        quantitative = (scores["diversity"] + 1 - scores["fid"] / worst) / 2
        assert placings[name]["total"] == pytest.approx((quantitative + qualitative) / 2)


def test_marks_are_whole_complete_and_final_once_finished(judged: Question) -> None:
    juror = juror_of(judged, "Jo")
    session = begin_session(question=judged, juror=juror)
    cases = cases_in_order(session)
    for wrong in ({}, {**marks_of(2), "liver": 5}, {**marks_of(2), "liver": 2.5}, {**marks_of(2), "beauty": 1}):
        with pytest.raises(InvalidInputError):
            mark(session=session, case=cases[0], marks=wrong)
    assert not session.marks.exists()
    mark(session=session, case=cases[0], marks=marks_of(2))
    mark(session=session, case=cases[0], marks=marks_of(3))
    assert set(session.marks.values_list("mark", flat=True)) == {3} and session.marks.count() == 5
    with pytest.raises(InvalidInputError, match="not marked yet: 5"):
        finish_session(session=session, actor=juror)
    for case in cases:
        mark(session=session, case=case, marks=marks_of(1))
    finish_session(session=session, actor=juror)
    session = JurySession.objects.get(pk=session.pk)
    with pytest.raises(JuryFinishedError):
        mark(session=session, case=cases[0], marks=marks_of(4))
    with pytest.raises(NotAllowedError):
        begin_session(question=judged, juror=person("Sam"))


def test_a_juror_whose_role_is_revoked_holds_nobody_up(judged: Question) -> None:
    """What the juror had not finished goes; what was finished stays, and the ranking with the jury's score comes at once."""
    jurors = [juror_of(judged, name) for name in ("Jo", "Jil", "Jan")]
    sessions = [begin_session(question=judged, juror=juror) for juror in jurors]
    for session in sessions[:2]:
        for case in cases_in_order(session):
            mark(session=session, case=case, marks=marks_of(2))
        finish_session(session=session, actor=session.juror)
    mark(session=sessions[2], case=cases_in_order(sessions[2])[0], marks=marks_of(4))
    assert jury_scores(judged) is None and "rank_phase" not in work_all()
    client = APIClient()
    client.force_login(jurors[2])
    assert client.get(f"/api/v1/jury/sessions/{sessions[2].pk}/").status_code == 200
    for juror in (jurors[0], jurors[2]):
        revoke_role(role=juror.roles.get(), actor=person("Olga"), reason="too close to a team")
    assert client.get(f"/api/v1/jury/sessions/{sessions[2].pk}/").status_code == 404
    assert set(JurySession.objects.all()) == set(sessions[:2])
    assert jury_scores(judged) is not None and "rank_phase" in work_all()
    assert AuditRecord.objects.filter(verb="jury left").count() == 1


def test_jurors_see_random_ids_and_pixels_and_nobody_else_sees_either(judged: Question) -> None:
    juror = juror_of(judged, "Jo")
    client = APIClient()
    client.force_authenticate(juror)
    address = f"{judged.challenge.slug}/{judged.slug}"
    response: Any = client.post("/api/v1/jury/sessions/", {"question": address}, format="json")
    assert response.status_code == 201
    text = response.content.decode()
    assert "Owls" not in text and "Cats" not in text and "submission" not in text and "cluster" not in text
    case = response.json()["cases"][0]["id"]
    picture = client.get(f"/api/v1/jury/cases/{case}/images/")
    array = np.load(io.BytesIO(picture.content), allow_pickle=False)
    assert array.dtype == np.uint8 and array.shape == (3, 16, 20) and array.min() == 0 and array.max() == 255
    answer = client.post(
        f"/api/v1/jury/sessions/{response.json()['id']}/mark/", {"case": case, "marks": marks_of(4)}, format="json"
    )
    assert answer.status_code == 200 and answer.json()["cases"][0]["marks"] == marks_of(4)
    for other in (person("Sam"), member_of(judged.challenge.teams.get(name="Owls")), juror_of(judged, "Jil")):
        client.force_authenticate(other)
        assert client.get(f"/api/v1/jury/cases/{case}/images/").status_code == 404
        assert client.get(f"/api/v1/jury/sessions/{response.json()['id']}/").status_code == 404
        assert client.get(f"/api/v1/jury/?question={address}").status_code == 403
    client.force_authenticate(person("Olga"))
    document = client.get(f"/api/v1/jury/?question={address}").json()
    assert document["cases"] == 6 and document["scores"] is None and document["sessions"][0]["marked"] == 1


def test_one_case_a_cluster_is_the_nearest_to_its_centre_and_repeats_with_the_seed() -> None:
    rng = np.random.default_rng(3)
    centres = rng.normal(0, 50, (4, 8))
    points = np.concatenate([centre + rng.normal(0, 1, (20, 8)) for centre in centres])
    nearest_to_centres_result = nearest_to_centres(points, 4, seed=2021)
    assert nearest_to_centres_result == nearest_to_centres(points, 4, seed=2021)
    assert sorted(index // 20 for index in nearest_to_centres_result) == [0, 1, 2, 3]
    for index in nearest_to_centres_result:
        group = points[index // 20 * 20 : index // 20 * 20 + 20]
        distances = np.linalg.norm(group - group.mean(axis=0), axis=1)
        assert distances.argmin() == index % 20
    assert len(nearest_to_centres(points[:3], 10, seed=1)) == 3

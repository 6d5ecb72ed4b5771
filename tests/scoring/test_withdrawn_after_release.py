"""An exam that is withdrawn after its release: teams that still send it are told that it is not used, and are scored."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from batches.models import Batch, BatchItem
from scoring.models import Submission, Truth
from tests.factories.contests import Contest, contest
from tests.factories.exams import work_all
from tests.factories.people import member_of, team_in
from tests.factories.submissions import masks_zip, stored_upload

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


def withdrawn_case(scene: Contest, released: bool = True) -> str:
    """The public id of a case whose exam the organiser withdraws over HTTP, after (or before) its batch is out."""
    moment = timezone.now() + timedelta(days=-1 if released else 1)
    Batch.objects.filter(pk=scene.batch.pk).update(released_at=moment)
    item = BatchItem.objects.filter(batch=scene.batch).order_by("position")[1]
    answer = signed_in(scene.question.challenge.created_by).post(
        f"/api/v1/exams/{item.exam_id}/withdraw/", {"reason": "the patient asked for it"}, format="json"
    )
    assert answer.status_code == 200, answer.content
    work_all()
    return item.public_id


def sent_over_http(scene: Contest, name: str, content: bytes) -> dict[str, Any]:
    team = team_in(scene.question, name)
    client = signed_in(member_of(team))
    upload = stored_upload(scene.question, team, content)
    answer = client.post("/api/v1/submissions/", {"upload": str(upload.pk)}, format="json")
    assert answer.status_code == 201
    work_all()
    json: dict[str, Any] = client.get(f"/api/v1/submissions/{answer.json()['id']}/").json()
    return json


def test_who_still_sends_it_is_scored_like_who_does_not() -> None:
    scene = contest()
    gone = withdrawn_case(scene)
    with_it = sent_over_http(scene, "Owls", scene.entry(wear=1))
    left = {case: mask for case, mask in scene.masks.items() if case != gone}
    without = Contest(scene.question, scene.batch, scene.phase, left)
    without_it = sent_over_http(scene, "Cats", without.entry(wear=1))
    assert [entry["state"] for entry in (with_it, without_it)] == ["scored", "scored"], with_it["errors"]
    scored = [
        {row.name: row.value for row in Submission.objects.get(pk=entry["id"]).evaluations.get().scores.all()}
        for entry in (with_it, without_it)
    ]
    assert scored[0] == scored[1] and scored[0]
    cases = Submission.objects.get(pk=with_it["id"]).evaluations.get().case_scores
    assert {row.public_id for row in cases.all()} == set(left)
    assert with_it["errors"] == [] and len(with_it["notes"]) == 1 and without_it["notes"] == []
    assert "withdrawn" in with_it["notes"][0]["message"] and "1" in with_it["notes"][0]["message"]
    page = signed_in(member_of(scene.question.challenge.teams.get(name="Owls"))).get(f"/submissions/{with_it['id']}/")
    assert with_it["notes"][0]["message"] in page.content.decode()


def test_whatever_is_wrong_with_it_does_not_count() -> None:
    """Neither its mask nor its row is looked at: not their grid, not their numbers, not how often they come."""
    scene = contest()
    gone = withdrawn_case(scene)
    masks = {**scene.masks, gone: np.zeros((3, 5), np.uint8)}
    assert sent_over_http(scene, "Owls", masks_zip(masks, {**scene.surfaces, gone: float("nan")}))["state"] == "scored"


def test_a_case_that_never_was_is_still_extra() -> None:
    scene = contest()
    withdrawn_case(scene)
    masks = {**scene.masks, "case-0000000000": scene.masks[next(iter(scene.masks))]}
    sent_over_http_result = sent_over_http(scene, "Owls", masks_zip(masks, {**scene.surfaces, "case-0000000000": 1.0}))
    assert sent_over_http_result["state"] == "rejected"
    assert {error["reason"] for error in sent_over_http_result["errors"]} == {"extra_file", "extra_id"}


def test_what_left_before_the_release_was_never_anybodys() -> None:
    scene = contest()
    gone = withdrawn_case(scene, released=False)
    newest = Truth.objects.filter(batch=scene.batch).latest("version")
    assert gone not in newest.public_manifest["ids"] and newest.public_manifest["ignored_ids"] == []
    assert sent_over_http(scene, "Owls", scene.entry())["state"] == "rejected"


def test_the_public_manifest_names_it() -> None:
    scene = contest()
    gone = withdrawn_case(scene)
    manifest = Truth.objects.filter(batch=scene.batch).latest("version").public_manifest
    assert manifest["ignored_ids"] == [gone] and sorted(manifest["ids"]) == sorted(set(scene.masks) - {gone})

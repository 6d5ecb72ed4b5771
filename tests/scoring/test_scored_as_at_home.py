"""The platform's numbers are those of the engine that teams run at home, and come with what they were made from."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest

from challenges.frame import spec_of
from concours.evaluation.evaluate import public_manifest, score, validate
from concours.evaluation.truth import load_truth
from core.claims import LostLeaseError, claim_row
from core.models import Work
from core.storage import read_blob, store
from core.work import enqueue
from scoring import score as stage
from scoring.models import CaseScore, Evaluation, Score, Submission, Truth
from scoring.rescore import rescore_phase
from scoring.score import artefacts_of
from tests.factories.contests import Contest, contest
from tests.factories.exams import work_all
from tests.factories.people import person, team_in
from tests.factories.submissions import sent

pytestmark = pytest.mark.django_db


def at_home(scene: Contest, content: bytes, folder: Path) -> dict[str, float | None]:
    """The engine in this process, on the truth as it was sealed."""
    truth = Truth.objects.filter(batch=scene.batch).latest("version")
    with zipfile.ZipFile(io.BytesIO(read_blob("sealed", truth.blob_key))) as archive:
        archive.extractall(folder / "truth")
    sent_file = folder / "mine.zip"
    sent_file.write_bytes(content)
    spec = spec_of(scene.question)
    identifiers = load_truth(spec, folder / "truth")
    return dict(
        score(spec, identifiers, validate(spec, public_manifest(spec, identifiers), sent_file, isolated=False)).scores
    )


def test_every_score_equals_the_local_run_bit_for_bit(tmp_path: Path) -> None:
    scene = contest()
    content = scene.entry(wear=3, off=2.5)
    sent(scene.question, team_in(scene.question, "Owls"), content)
    work_all()
    ours = dict(Score.objects.filter(part="all").values_list("name", "value"))
    assert ours == at_home(scene, content, tmp_path)
    assert ours["surface_mse"] == pytest.approx(2.5**2)
    by_hand = sum(2 * (m.sum() - 3) / (2 * m.sum() - 3) for m in scene.masks.values()) / 4
    assert ours["dice"] == pytest.approx(by_hand)


def test_case_scores_provenance_and_evidence_stand_beside_the_scores() -> None:
    scene = contest()
    submission = sent(scene.question, team_in(scene.question, "Owls"), scene.entry(wear=1))
    work_all()
    evaluation = Evaluation.objects.get()
    cases = dict(CaseScore.objects.filter(name="dice").values_list("public_id", "value"))
    assert set(cases) == set(scene.masks)
    assert sum(cases.values()) / 4 == pytest.approx(Score.objects.get(name="dice", part="all").value)
    truth = Truth.objects.get(batch=scene.batch)
    assert evaluation.provenance["truths"][0]["sha256"] == truth.sha256
    assert evaluation.provenance["sha256"]["submission"] == submission.sha256
    assert evaluation.provenance["versions"]["numpy"]
    arrays = artefacts_of(evaluation)
    assert sorted(arrays["ids"].tolist()) == sorted(scene.masks)
    assert arrays["surface_mse.said"] == pytest.approx(arrays["surface_mse.truth"])


def test_parts_are_scored_apart() -> None:
    scene = contest({"leaderboard": {"public_share": 0.5}})
    sent(scene.question, team_in(scene.question, "Owls"), scene.entry(wear=2))
    work_all()
    truth = Truth.objects.get(batch=scene.batch)
    rows = csv.DictReader(
        io.StringIO(zipfile.ZipFile(io.BytesIO(read_blob("sealed", truth.blob_key))).read("truth.csv").decode())
    )
    parts = {row["case_id"]: row["part"] for row in rows}
    for part in ("public", "private"):
        sizes = [int(scene.masks[case].sum()) for case, its in parts.items() if its == part]
        expected = sum(2 * (n - 2) / (2 * n - 2) for n in sizes) / len(sizes)
        assert Score.objects.get(name="dice", part=part).value == pytest.approx(expected)


def test_scored_twice_is_scored_once() -> None:
    scene = contest()
    submission = sent(scene.question, team_in(scene.question, "Owls"), scene.entry())
    work_all()
    enqueue("score_submission", submission)
    enqueue("validate_submission", submission)
    work_all()
    assert Evaluation.objects.count() == 1 and Submission.objects.get().state == "scored"


def test_killed_after_the_numbers_and_before_the_rows_it_is_scored_by_the_next_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = contest()
    submission = sent(scene.question, team_in(scene.question, "Owls"), scene.entry(wear=1))
    work_all(("accept_submission", "validate_submission"))
    claim = claim_row(Work.objects.get(stage="score_submission").pk)
    assert claim is not None

    def dies(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(stage, "_write", dies)
        with pytest.raises(KeyboardInterrupt):
            stage.score_submission(claim)
    assert not Evaluation.objects.exists() and Submission.objects.get().state == "valid"
    remaining = store("sealed").listdir(f"submission-{submission.pk}")[1]
    stage.score_submission(claim)
    assert Evaluation.objects.count() == 1
    assert store("sealed").listdir(f"submission-{submission.pk}")[1] == remaining, "the same run, the same artefacts"


def test_a_worker_that_lost_its_lease_writes_nothing() -> None:
    scene = contest()
    sent(scene.question, team_in(scene.question, "Owls"), scene.entry())
    work_all(("accept_submission", "validate_submission"))
    work = Work.objects.get(stage="score_submission")
    claim = claim_row(work.pk)
    assert claim is not None
    Work.objects.filter(pk=work.pk).update(token=work.token + 5)
    with pytest.raises(LostLeaseError):
        stage.score_submission(claim)
    assert not Evaluation.objects.exists()


def test_rescoring_adds_an_evaluation_and_keeps_the_first() -> None:
    scene = contest()
    sent(scene.question, team_in(scene.question, "Owls"), scene.entry(wear=1))
    work_all()
    assert rescore_phase(phase=scene.phase, actor=person("Olga"), reason="the truth was corrected") == 1
    work_all()
    assert list(Evaluation.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    first, second = (dict(e.scores.values_list("name", "value")) for e in Evaluation.objects.order_by("number"))
    assert first == second

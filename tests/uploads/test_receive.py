"""What an upload becomes: exams, refusals with every reason, the consent recorded, nothing twice, nothing half-created."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from challenges.frame import spec_of
from challenges.models import Question
from concours.formats.child import ChildFailedError
from concours.study.sent import SentFile
from core.claims import claim_next
from core.models import Progress, Work
from core.performing import carry_out
from core.progress import progress_of
from core.storage import local_copy, store
from demo.phantoms import sarcopenia
from demo.phantoms.phantom import Phantom
from tests.concours.formats.builders import dicom_bytes, zipped
from tests.factories.exams import centre, work_all
from tests.factories.questions import question
from tests.factories.uploads import sent
from uploads import receive, staging
from uploads.models import Consent, Exam, Instance, Upload
from uploads.withdraw import withdraw_exam

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR, settings.STAGING_DIR = tmp_path / "keys", tmp_path / "staging"
    settings.WORK_HEARTBEAT_SECONDS = 3600


@pytest.fixture
def of() -> Question:
    return question()


def received(upload: Upload) -> Upload:
    work_all(("receive",))
    upload.refresh_from_db()
    return upload


def exam_files(seed: int, folder: str = "exam") -> dict[str, bytes]:
    created: Phantom = sarcopenia.make(seed, "nord")
    return {f"{folder}/{name.rpartition('/')[2]}": content for name, content in created.files.items()}


def only_dicom(seed: int) -> bytes:
    return next(content for name, content in exam_files(seed).items() if name.endswith(".dcm"))


def members(exam: Exam) -> dict[str, bytes]:
    with local_copy("quarantine", exam.quarantine_key) as path, zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def reasons_of(exam: Exam) -> list[str]:
    return [row.reason for row in progress_of(exam).filter(state="refused").order_by("pk")]


# --- what becomes of good ones ----------------------------------------------------------------------------------------


def test_one_upload_of_three_patients_is_three_exams(of: Question) -> None:
    files: dict[str, bytes] = {}
    for seed in (1, 2, 3):
        files |= exam_files(seed, f"patient {seed}")
    upload = received(sent(of, zipped(files)))
    exams = list(Exam.objects.order_by("number"))
    assert [exam.number for exam in exams] == [1, 2, 3]
    assert {exam.state for exam in exams} == {"received"} and {exam.upload_id for exam in exams} == {upload.pk}
    assert upload.state == "received" and upload.faults == []
    assert Work.objects.filter(stage="deidentify", state="waiting").count() == 3
    for exam in exams:
        assert sorted(members(exam)) == [
            "annotations/mask.png",
            "dicom/image/000000.dcm",
            "names.json",
            "regions.json",
            "values.json",
        ]
    assert not list(Path(staging.staging_path(upload.pk)).parent.iterdir()), "the staged bytes are still there"


def test_originals_are_kept_byte_for_byte(of: Question) -> None:
    upload = received(sent(of, zipped(exam_files(4)), values=json.dumps({"age": 61})))
    members_result = members(upload.exams.get())
    assert members_result["dicom/image/000000.dcm"] == only_dicom(4)
    assert json.loads(members_result["values.json"]) == {"age": 61}


def test_a_single_dicom_file_needs_no_archive(of: Question) -> None:
    upload = received(sent(of, only_dicom(5), name="IM0001"))
    assert upload.exams.get().state == "received"


def test_nothing_of_the_person_stands_in_the_database(of: Question) -> None:
    upload = received(sent(of, zipped(exam_files(6))))
    exam = upload.exams.get()
    with local_copy("quarantine", exam.quarantine_key) as path:
        assert path.exists()
    header = dcmread(io.BytesIO(only_dicom(6)), stop_before_pixels=True)
    rows = json.dumps([list(map(str, Exam.objects.values_list())), list(map(str, Progress.objects.values_list()))])
    for answer in (header.PatientID, str(header.PatientName), header.StudyInstanceUID, header.SOPInstanceUID):
        assert str(answer) not in rows


def test_a_child_cannot_point_at_a_file_of_somebody_else(
    of: Question, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file may take the child over that reads it; what it answers must not bring other files of the disk into an exam."""
    (tmp_path / "secret").write_bytes(b"another centre's")
    upload = sent(of, zipped(exam_files(12)))
    pretended = [SentFile("a.dcm", str(tmp_path / "secret"), 0, 4, "", "image").to_json()]
    monkeypatch.setattr(receive, "run_limited", lambda *_, **__: pretended)
    with pytest.raises(receive.StrayFileError):
        receive._sort([upload], str(tmp_path / "folder"), spec_of(of), receive.LIMITS)
    link = tmp_path / "folder" / "000000" / "link"
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "secret")
    pretended[0]["path"] = str(link)
    with pytest.raises(receive.StrayFileError):
        receive._sort([upload], str(tmp_path / "folder"), spec_of(of), receive.LIMITS)


def test_a_byte_that_changed_in_the_quarantine_is_the_platforms_fault(of: Question) -> None:
    received(sent(of, zipped(exam_files(13))))
    exam = Exam.objects.get()
    with local_copy("quarantine", exam.quarantine_key) as path:
        content = bytearray(path.read_bytes())
        content[3000] ^= 1
        path.write_bytes(content)
    claim = claim_next(("deidentify",))
    assert claim is not None
    with pytest.raises(
        ChildFailedError, match="DamagedStoreError"
    ):  # the work is tried again, and nobody has to resend
        carry_out(claim)
    exam.refresh_from_db()
    assert exam.state == "received"


# --- loose files ------------------------------------------------------------------------------------------------------


def test_loose_files_wait_for_the_last_of_their_group(of: Question) -> None:
    files = exam_files(7)
    uploads = []
    for number, (name, content) in enumerate(files.items()):
        uploads.append(sent(of, content, name=name, group="g1", group_size=str(len(files))))
        work_all(("receive",))
        assert Exam.objects.count() == (1 if number == len(files) - 1 else 0)
    exam = Exam.objects.get()
    assert "annotations/mask.png" in members(exam)
    assert {Upload.objects.get(pk=upload.pk).state for upload in uploads} == {"received"}


def test_two_groups_are_two_exams(of: Question) -> None:
    for group, seed in (("g1", 8), ("g2", 9)):
        files = exam_files(seed)
        for name, content in files.items():
            sent(of, content, name=name, group=group, group_size=str(len(files)))
    work_all(("receive",))
    assert Exam.objects.count() == 2


# --- twice ------------------------------------------------------------------------------------------------------------


def test_receiving_twice_is_receiving_once(of: Question) -> None:
    """The worker dies after its last transaction, or before it: either way there is one exam."""
    upload = sent(of, zipped(exam_files(10)))
    claim = claim_next(("receive",))
    assert claim is not None
    Work.objects.filter(pk=claim.work_id).update(
        token=claim.token + 1, state="waiting"
    )  # the lease went to somebody else
    carry_out(claim)
    assert Exam.objects.count() == 0
    received(upload)
    Work.objects.filter(stage="receive").update(state="waiting")
    work_all(("receive",))
    assert Exam.objects.count() == 1


def test_the_same_images_again_are_refused_as_a_copy(of: Question) -> None:
    received(sent(of, zipped(exam_files(11))))
    second = received(sent(of, zipped(exam_files(11, "another folder"))))
    copy = second.exams.get()
    assert (copy.state, copy.reason, reasons_of(copy)) == ("refused", "duplicate_exam", ["duplicate_exam"])
    assert second.state == "received"
    assert not Work.objects.filter(stage="deidentify", subject_id=str(copy.pk)).exists()
    (step,) = progress_of(copy).filter(state="refused")
    assert step.values == {"number": 1} and "your exam %(number)s" in step.template


def test_a_copy_of_another_centres_exam_does_not_name_it(of: Question) -> None:
    received(sent(of, zipped(exam_files(11))))
    upload = sent(of, zipped(exam_files(11)))
    Upload.objects.filter(pk=upload.pk).update(centre=centre(of, "Hôpital Sud"))
    copy = received(upload).exams.get()
    (step,) = progress_of(copy).filter(state="refused")
    assert (step.reason, step.values) == ("duplicate_exam", {})


def test_one_upload_with_the_exam_in_two_folders_is_one_exam(of: Question) -> None:
    upload = received(sent(of, zipped(exam_files(12, "a") | {"b/IM.dcm": only_dicom(12)})))
    assert upload.exams.count() == 1
    assert len([name for name in members(upload.exams.get()) if name.startswith("dicom/")]) == 1


def test_a_copy_of_a_withdrawn_exam_may_come_again(of: Question) -> None:
    first = received(sent(of, zipped(exam_files(13)))).exams.get()
    withdraw_exam(exam=first, actor=None, reason="sent too early")
    assert received(sent(of, zipped(exam_files(13)))).exams.get().state == "received"


def test_one_instance_with_two_contents_waits_for_a_person(of: Question) -> None:
    """Said to the centre, and the exam ends in review: neither content goes silently on."""
    changed = bytearray(only_dicom(14))
    changed[-1] ^= 1
    upload = received(sent(of, zipped(exam_files(14) | {"again/IM.dcm": bytes(changed)})))
    exam = upload.exams.get()
    assert [row.reason for row in progress_of(exam).filter(state="fault")] == ["duplicate_file"]
    work_all()
    exam.refresh_from_db()
    assert (exam.state, exam.reason) == ("review", "duplicate_file")
    (review,) = exam.reviews.all()
    assert {point["reason"] for point in review.points} == {"duplicate_file"}


@pytest.mark.parametrize("difference", ["comment", "trailing bytes"])
@pytest.mark.parametrize("copies", [1, 3])
def test_copies_that_differ_in_what_is_removed_are_one_file_with_a_note(
    of: Question, difference: str, copies: int
) -> None:
    """A slice that was exported twice: de-identification makes both equal, and the exam continues without a person."""
    again = {}
    for number in range(copies):
        dataset = dcmread(io.BytesIO(only_dicom(14)))
        dataset.PatientComments = f"exported {number}"
        content = only_dicom(14) + bytes(2 + number) if difference != "comment" else dicom_bytes(dataset)
        again[f"again/IM{number}.dcm"] = content
    exam = received(sent(of, zipped(exam_files(14) | again))).exams.get()
    work_all()
    exam.refresh_from_db()
    assert exam.state == "accepted"
    assert Instance.objects.filter(series__exam=exam).count() == 1
    (note,) = progress_of(exam).filter(state="note")
    assert note.values == {"count": copies}
    with local_copy("exams", exam.bundle_key) as path, zipfile.ZipFile(path) as archive:
        assert len(archive.namelist()) == 1


# --- consent ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metadata", "is_informed", "refused"),
    [({"letter_given": "0"}, False, False), ({"letter_given": ""}, False, False), ({"refused": "1"}, True, True)],
)
def test_without_the_patients_information_nothing_goes_on(
    of: Question, metadata: Mapping[str, str], is_informed: bool, refused: bool
) -> None:
    exam = received(sent(of, zipped(exam_files(15)), **metadata)).exams.get()
    assert (exam.state, reasons_of(exam)) == ("refused", ["consent_missing"])
    consent = Consent.objects.get(exam=exam)
    assert (consent.letter_given, consent.refused) == (is_informed, refused)
    assert not Work.objects.filter(stage="deidentify").exists()


def test_an_exam_refused_for_its_consent_may_come_again_with_it(of: Question) -> None:
    received(sent(of, zipped(exam_files(16)), letter_given="0"))
    again = received(sent(of, zipped(exam_files(16)))).exams.get()
    assert again.state == "received" and Consent.objects.get(exam=again).letter_given


# --- what cannot be used ----------------------------------------------------------------------------------------------


def test_the_good_exam_is_received_and_strays_are_one_note(of: Question) -> None:
    files = exam_files(17, "good") | {
        "notes.txt": b"hello", "cut/IM.dcm": only_dicom(18)[:200], "page.dcm": b"<html></html>", "empty": b"",
    }  # fmt: skip
    upload = received(sent(of, zipped(files)))
    exam = upload.exams.get()
    assert (upload.state, exam.state, upload.faults) == ("received", "received", [])
    assert {note["kind"]: note["names"] for note in upload.notes} == {
        "other_file": ["notes.txt"],
        "empty_file": ["empty"],
    }
    damaged = {row.where: row.reason for row in progress_of(exam).filter(state="fault")}
    assert damaged == {"cut/IM.dcm": "unreadable_file", "page.dcm": "not_dicom"}


def test_what_is_wrong_with_one_exam_stands_on_it_and_what_is_nobodys_on_the_upload(of: Question) -> None:
    files = exam_files(21, "p1") | exam_files(22, "p2") | {
        "p1/notes.txt": b"hello", "p2/cut.dcm": only_dicom(23)[:200], "readme.txt": b"hello", "third.dcm": b"hello",
    }  # fmt: skip
    upload = received(sent(of, zipped(files)))
    assert [fault["where"] for fault in upload.faults] == ["third.dcm"]
    assert upload.notes == [{"kind": "other_file", "count": 2, "names": ["p1/notes.txt", "readme.txt"]}]
    steps = [[row.where for row in progress_of(exam).filter(state="fault")] for exam in upload.exams.order_by("number")]
    assert steps == [[], ["p2/cut.dcm"]]


def test_objects_that_are_no_candidates_never_reach_the_quarantine(of: Question) -> None:
    page = dcmread(io.BytesIO(only_dicom(24)))
    page.ImageType, page.SOPInstanceUID = ["DERIVED", "SECONDARY", "DOSE_INFO"], "1.2.3.4"
    dose = io.BytesIO()
    page.save_as(dose)
    upload = received(
        sent(of, zipped(exam_files(24) | {"exam/dose": dose.getvalue(), "viewer.jar": zipped({"a": b"1"})}))
    )
    names = members(upload.exams.get())
    assert sorted(names) == [
        "annotations/mask.png",
        "dicom/image/000000.dcm",
        "names.json",
        "regions.json",
        "values.json",
    ]
    assert dose.getvalue() not in names.values()
    assert {note["kind"] for note in upload.notes} == {"dose_page", "archive"}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("nothing.zip", zipped({}), "empty_submission"),
        ("notes.zip", zipped({"a.txt": b"one"}), "not_dicom"),
        ("cut.zip", zipped(exam_files(19))[:-30], "unreadable_file"),
        ("nested.zip", zipped({"exam.zip": zipped(exam_files(19))}), "unsafe_archive"),
        ("slip.zip", zipped({"../../etc/passwd": b"x", **exam_files(19)}), "unsafe_archive"),
        ("text", b"this is no exam", "not_dicom"),
    ],
)
def test_an_unusable_upload_is_refused_and_leaves_nothing(
    of: Question, name: str, content: bytes, reason: str, tmp_path: Path
) -> None:
    upload = received(sent(of, content, name=name))
    assert (upload.state, upload.reason) == ("refused", reason), upload.faults
    assert all(fault["template"] and fault["where"] for fault in upload.faults)
    assert Exam.objects.count() == 0 and Consent.objects.count() == 0
    assert not staging.staging_path(upload.pk).exists()
    folders, _ = store("quarantine").listdir("") if store("quarantine").exists("") else ([], [])
    assert not [folder for folder in folders if "exam-" in folder and str(upload.pk) in folder]


def test_damaged_archives_never_break_the_worker(of: Question) -> None:
    """Forty archives with flipped bytes: each is received or refused with words, none fails."""
    whole, chance = zipped(exam_files(20)), random.Random(7)
    for number in range(40):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
        received(sent(of, bytes(broken), name=f"{number}.zip"))
    assert Upload.objects.exclude(state__in=["received", "refused"]).count() == 0
    assert all(upload.faults for upload in Upload.objects.filter(state="refused"))

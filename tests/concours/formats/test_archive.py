"""Good archives unpack exactly, under our own names and with their hashes; a fault leaves nothing behind."""

import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concours.formats.archive import open_archive, plan, unpack
from concours.formats.fault import FormatError
from concours.formats.manifest import SubmissionLimits
from tests.concours.formats import builders as b


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8})?\.bin", fullmatch=True), st.binary(max_size=5000), min_size=1
    ),
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
)
def test_what_was_packed_is_read(members: dict[str, bytes], method: int) -> None:
    members = {name: b"." + data for name, data in members.items()}  # so that none begins like an archive
    if len({n.casefold() for n in members}) < len(members):
        return
    with open_archive(io.BytesIO(b.zipped(members, method))) as archive:
        assert {m.name: archive.read(m) for m in archive.members} == members


def test_members_get_our_names_and_hashes(tmp_path: Path) -> None:
    members = {
        "evil name; rm.dcm": b"a" * 10,
        "deep/er/x.nii": bytes(3_000_000),
        "__MACOSX/._x": b"j",
        "x/.DS_Store": b"j",
    }
    (tmp_path / "in.zip").write_bytes(b.zipped(members, zipfile.ZIP_STORED))
    (tmp_path / "out").mkdir()
    done = unpack(tmp_path / "in.zip", tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["000000", "000001"]
    assert [u.name for u in done] == ["evil name; rm.dcm", "deep/er/x.nii"]
    for unpacked in done:
        data = members[unpacked.name]
        assert unpacked.path.read_bytes() == data
        assert (unpacked.size, unpacked.sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_folders_streamed_members_and_zip64_are_read() -> None:
    out = io.BytesIO()

    class Unseekable(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            return out.write(data)

    with zipfile.ZipFile(Unseekable(), "w", zipfile.ZIP_DEFLATED) as archive:  # sizes follow the data
        archive.writestr("folder/", b"")
        archive.writestr("folder/a.txt", b"hello")
        with archive.open("b.txt", "w", force_zip64=True) as member:
            member.write(b"there")
    with open_archive(io.BytesIO(out.getvalue())) as result:
        assert {m.name: result.read(m) for m in result.members} == {"folder/a.txt": b"hello", "b.txt": b"there"}


def test_every_unsafe_name_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "in.zip"
    path.write_bytes(b.zipped({"../a": b"1", "/b": b"2", "ok": b"3"}))
    with pytest.raises(FormatError) as caught:
        plan(path)
    assert [(f.reason, f.where) for f in caught.value.faults] == [("unsafe_archive", "../a"), ("unsafe_archive", "/b")]


def test_a_fault_half_way_leaves_nothing(tmp_path: Path) -> None:
    data = b.zipped({"a.txt": b"1" * 100, "b.txt": b"2" * 100}, zipfile.ZIP_STORED)
    path = tmp_path / "in.zip"
    path.write_bytes(data.replace(b"2" * 100, b"3" * 100))
    (tmp_path / "out").mkdir()
    with pytest.raises(FormatError, match="unreadable_file"):
        unpack(path, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (SubmissionLimits(bytes=50), "too_large"),
        (SubmissionLimits(unpacked_bytes=150), "too_large"),
        (SubmissionLimits(entries=1), "too_large"),
    ],
)
def test_budgets(limits: SubmissionLimits, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "in.zip"
    path.write_bytes(b.zipped({"a.txt": b"1" * 100, "b.txt": b"2" * 100}))
    with pytest.raises(FormatError, match=reason):
        plan(path, limits)


def test_a_workbook_and_a_packed_nifti_are_no_nested_archives() -> None:
    members = {"t.xlsx": b.xlsx([["id"], ["1"]]), "a.nii.gz": b.nifti(b.ball())}
    with open_archive(io.BytesIO(b.zipped(members))) as archive:
        assert {m.name: archive.read(m) for m in archive.members} == members

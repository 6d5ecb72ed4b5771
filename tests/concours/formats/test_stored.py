"""Files that lie inside another file are read where they lie, and a byte that changed on the disk is never read."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concours.formats.archive import unpack
from concours.formats.fault import FormatError
from concours.formats.stored import CHUNK, ZIP_MOMENT, DamagedStoreError, Stored, StoredArchive, members, whole
from tests.concours.formats import builders as b

FILES = {"dicom/a.dcm": b"first" * (CHUNK // 4), "empty": b"", "dicom/b.dcm": bytes(range(256)) * 9}


def packed(folder: Path, files: dict[str, bytes]) -> Path:
    archive = folder / "own.zip"
    with StoredArchive(archive) as target:
        for number, (name, content) in enumerate(files.items()):
            (folder / str(number)).write_bytes(content)
            target.add(name, whole(folder / str(number)))
    return archive


def test_what_was_packed_is_read_where_it_lies(tmp_path: Path) -> None:
    archive = packed(tmp_path, FILES)
    result = {member.name: member for member in members(archive)}
    assert list(result) == list(FILES)
    for name, entry in result.items():
        with entry.check().open() as source:
            assert source.read() == FILES[name]
        assert Stored.from_json(entry.to_json()) == entry
    with zipfile.ZipFile(archive) as read:
        assert {name: read.read(name) for name in read.namelist()} == FILES, "any other program reads it too"


def test_packing_is_what_zipfile_writes_itself(tmp_path: Path) -> None:
    expected = io.BytesIO()
    with zipfile.ZipFile(expected, "w") as target:
        for name, content in FILES.items():
            target.writestr(zipfile.ZipInfo(name, ZIP_MOMENT), content)
    assert packed(tmp_path, FILES).read_bytes() == expected.getvalue()
    with StoredArchive(tmp_path / "bytes.zip") as archive:
        for name, content in FILES.items():
            archive.add(name, content)
    assert (tmp_path / "bytes.zip").read_bytes() == expected.getvalue()


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from([0, 1, 2]), st.integers(0, 60)), max_size=8))
def test_a_stretch_behaves_as_a_file_of_its_own(moves: list[tuple[int, int, int]]) -> None:
    content = bytes(range(50))
    path = Path(__file__)
    begins = 10
    with Stored(path, "x", begins, len(content)).open() as stretch:
        alone = io.BytesIO(path.read_bytes()[begins : begins + len(content)])
        for offset, whence, count in moves:
            step = -min(offset, 5) if whence == 2 else offset
            assert stretch.seek(step, whence) == alone.seek(step, whence)
            assert stretch.read(count) == alone.read(count)
            assert stretch.tell() == alone.tell()


def test_a_changed_byte_and_a_cut_archive_are_told(tmp_path: Path) -> None:
    archive = packed(tmp_path, FILES)
    entry = members(archive)[2]
    content = bytearray(archive.read_bytes())
    content[entry.offset + 700] ^= 1
    archive.write_bytes(content)
    members(archive)[0].check()
    with pytest.raises(DamagedStoreError):
        members(archive)[2].check()
    with pytest.raises(DamagedStoreError):
        Stored(archive, "x", len(content) - 10, 20).check()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as other:
        other.writestr("a", b"a" * 100)
    with pytest.raises(DamagedStoreError):
        members(archive)


def test_packing_a_file_that_is_shorter_than_told_fails(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"abc")
    with StoredArchive(tmp_path / "own.zip") as target, pytest.raises(OSError, match="shorter"):
        target.add("a", Stored(tmp_path / "short", "a", 0, 5))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_senders_members_stay_in_place_only_where_they_are_not_compressed(tmp_path: Path, method: int) -> None:
    files = {"a/one.dcm": b".one" * 999, "two.bin": b".two"}
    archive = tmp_path / "sent.zip"
    archive.write_bytes(b.zipped(files, method))
    (tmp_path / "out").mkdir()
    unpack_result = unpack(archive, tmp_path / "out", in_place=True)
    assert {
        entry.name: Stored(entry.path, entry.name, entry.offset, entry.size).open().read() for entry in unpack_result
    } == files
    assert {entry.path == archive for entry in unpack_result} == {method == zipfile.ZIP_STORED}
    assert len(list((tmp_path / "out").iterdir())) == (0 if method == zipfile.ZIP_STORED else 2)


def test_a_fault_leaves_the_archive_itself(tmp_path: Path) -> None:
    content = bytearray(b.zipped({"a": b".first", "b": b".second"}, zipfile.ZIP_STORED))
    content[content.index(b".second") + 3] ^= 1
    archive = tmp_path / "sent.zip"
    archive.write_bytes(content)
    (tmp_path / "out").mkdir()
    with pytest.raises(FormatError):
        unpack(archive, tmp_path / "out", in_place=True)
    assert archive.read_bytes() == content
    assert list((tmp_path / "out").iterdir()) == []

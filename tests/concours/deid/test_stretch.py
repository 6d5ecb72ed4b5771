"""A file that lies inside another one is de-identified as if it lay alone: the same report, the same bytes."""

from pathlib import Path

import pytest

from concours.deid import Deidentifier, source
from concours.formats.stored import Stored
from tests.concours.deid.made import KEY, ct, written
from tests.concours.deid.test_one_file import SYNTAXES, all_files


def outputs(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.dcm")}


@pytest.mark.parametrize("read_at_once", [True, False])
def test_a_stretch_and_a_file_of_its_own_give_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_at_once: bool
) -> None:
    monkeypatch.setattr(source, "WHOLE", 1 << 30 if read_at_once else 0)
    alone, inside = Deidentifier(KEY, centre="A"), Deidentifier(KEY, centre="A")
    created = [written(tmp_path, ct(), name=f"{number}.dcm", syntax=syntax) for number, syntax in enumerate(SYNTAXES)]
    written_ones = 0
    for number, path in enumerate([*all_files(), *created]):
        content = path.read_bytes()
        around = tmp_path / "around"
        around.write_bytes(b"before, an odd number" + content + b"DICM and after")
        stretch = Stored(around, "a.dcm", 21, len(content))
        deidentify_file = alone.deidentify_file(path, tmp_path / f"alone/{number}")
        other = inside.deidentify_file(stretch, tmp_path / f"inside/{number}")
        assert deidentify_file.to_json() == other.to_json(), path.name
        assert outputs(tmp_path / f"alone/{number}") == outputs(tmp_path / f"inside/{number}"), path.name
        written_ones += deidentify_file.outcome != "refused"
    assert written_ones > 40

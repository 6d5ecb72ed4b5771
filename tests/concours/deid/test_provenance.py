"""The version of the engine and the hash of the profile change with what decides about identifiers, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from concours import __version__
from concours.deid.provenance import engine_version, hash_of_folder, profile_sha256
from concours.deid.rules import parse_profile


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    (tmp_path / "profile").mkdir()
    (tmp_path / "rules.py").write_text("KEEP = 1\n")
    (tmp_path / "profile" / "table.json").write_text("{}")
    return tmp_path


def test_code_tables_names_and_packages_change_the_hash(engine: Path) -> None:
    seen = [hash_of_folder(engine, ["pydicom 3"])]
    seen.append(hash_of_folder(engine, ["pydicom 4"]))
    (engine / "rules.py").write_text("KEEP = 2\n")
    seen.append(hash_of_folder(engine, ["pydicom 3"]))
    (engine / "profile" / "table.json").write_text('{"00100010": 1}')
    seen.append(hash_of_folder(engine, ["pydicom 3"]))
    (engine / "rules.py").rename(engine / "rule.py")
    seen.append(hash_of_folder(engine, ["pydicom 3"]))
    assert len(set(seen)) == len(seen)


def test_compiled_files_do_not(engine: Path) -> None:
    before = hash_of_folder(engine)
    (engine / "__pycache__").mkdir()
    (engine / "__pycache__" / "rules.pyc").write_bytes(b"compiled")
    assert hash_of_folder(engine) == before


def test_the_version_names_the_release_and_fits_its_column() -> None:
    assert engine_version().startswith(f"{__version__}+")
    assert len(engine_version()) <= 40


def test_options_and_keep_list_change_the_profile_and_their_order_does_not() -> None:
    default, basic = profile_sha256(), profile_sha256(parse_profile("basic"))
    profile_sha256_result, other = (
        profile_sha256(keep=["KVP", "PatientSize"]),
        profile_sha256(keep=["PatientSize", "KVP"]),
    )
    assert len({default, basic, profile_sha256_result}) == 3
    assert profile_sha256_result == other

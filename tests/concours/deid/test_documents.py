"""The conformance statement is what profile and handlers say, and the key holder's mapping opens for the recipient alone."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydicom import dcmread

from concours.deid import Deidentifier, centre_key, describe
from concours.deid.mapping import SealError, map_files, open_sealed, seal
from concours.deid.rules import OPTIONS, Rule
from concours.deid.table import table
from concours.deid.value_rules import ACTIONS
from tests.concours.deid.made import KEY, ct, written


def test_page_is_up_to_date() -> None:
    assert describe.PAGE.read_text("utf-8") == describe.render(), "run python -m concours.deid.describe"


def test_page_names_every_rule_action_option_and_row() -> None:
    page = describe.render()
    assert set(describe.RULES) == set(ACTIONS) == set(Rule)
    for rule in Rule:
        assert f"| {rule.name} | {ACTIONS[rule]} |" in page
    for option in OPTIONS:
        assert f"| `{option}` |" in page
    for row in table().values():
        assert not row.action or row.keyword.split("\n")[0] in page


def test_actions_reported_are_those_described(tmp_path: Path) -> None:
    report = Deidentifier(KEY).deidentify_file(written(tmp_path, ct()), tmp_path / "out")
    assert set(report.actions.values()) <= {*ACTIONS.values(), "removed (type)"}
    assert len(set(report.actions.values())) >= 6


def test_mapping_is_what_the_engine_writes_and_opens_for_the_recipient_alone(tmp_path: Path) -> None:
    path = written(tmp_path, ct())
    report = Deidentifier(KEY, centre="A").deidentify_file(path, tmp_path / "out")
    after = dcmread(tmp_path / "out" / report.output)
    mapping = map_files([path], KEY, "A")
    assert mapping.patient_csv().splitlines() == ["id_old,id_new", f"MRN-SYN-4471902,{after.PatientID}"]
    assert f"1.2.3.4.1,{after.SOPInstanceUID}" in mapping.uid_csv().splitlines()
    assert "1.2.840.10008" not in mapping.uid_csv() and "MRN" not in repr(mapping)
    holder, other = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    sealed = seal(mapping, holder.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert b"MRN-SYN" not in sealed

    def pem(key: X25519PrivateKey) -> bytes:
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    opened = open_sealed(sealed, pem(holder))
    assert opened["uids"] == mapping.uids
    with pytest.raises(SealError):
        open_sealed(sealed, pem(other))
    with pytest.raises(SealError):
        open_sealed(sealed[:-1] + bytes([sealed[-1] ^ 1]), pem(holder))


def test_a_centre_with_its_own_key_writes_and_maps_what_the_server_does(tmp_path: Path) -> None:
    """A number beyond ASCII, in a character set of its own: script, mapping and server read it alike."""
    path = written(tmp_path, ct(SpecificCharacterSet="ISO_IR 192", PatientID="É-4471"))
    server = Deidentifier(KEY, centre="A").deidentify_file(path, tmp_path / "server")
    own = centre_key(KEY, "A")
    script = Deidentifier(own).deidentify_file(path, tmp_path / "script")
    assert (tmp_path / "server" / server.output).read_bytes() == (tmp_path / "script" / script.output).read_bytes()
    assert server.pseudonym == script.pseudonym == own.pseudonym("É-4471")
    assert map_files([path], own).patient_csv() == map_files([path], KEY, "A").patient_csv()
    assert map_files([path], own).patient_csv().splitlines()[1] == f"É-4471,{own.pseudonym('É-4471')}"
    assert server.pseudonym not in repr(server) and "pseudonym" not in server.to_json()

"""The audit trail: written with the change, chained afterwards, and telling on whoever edits it."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from core import audit
from core.audit import broken_links, chain_head, chain_records, record
from core.models import AuditRecord, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def chained() -> User:
    rita = User.objects.create_user("rita@example.org", full_name="Rita Reader")
    for number in range(5):
        record(verb="exam accepted", subject=rita, actor=rita, reason="looked", detail={"number": number, "é": 0.1})
    assert chain_records() == 5
    return rita


def test_a_chain_that_nobody_touched_holds(chained: User) -> None:
    assert list(broken_links()) == []
    assert chain_records() == 0
    assert chain_head()[0] == 5


def test_records_that_come_later_continue_the_chain(chained: User) -> None:
    record(verb="exam withdrawn", subject=chained)
    assert chain_records() == 1
    assert list(broken_links()) == []
    assert chain_head()[0] == 6


def test_records_that_another_sweeper_links_meanwhile_are_not_linked_again(
    chained: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other sweeper comes between this one's two looks at the trail."""
    record(verb="exam withdrawn", subject=chained)
    record(verb="exam withdrawn", subject=chained)
    meanwhile = iter([lambda: chain_records(limit=1)])
    look = audit._end_of_chain

    def interrupted() -> tuple[int, str]:
        next(meanwhile, lambda: 0)()
        return look()

    monkeypatch.setattr(audit, "_end_of_chain", interrupted)
    assert chain_records() == 1
    assert list(broken_links()) == []
    assert chain_head()[0] == 7


@pytest.mark.parametrize(
    "change",
    [{"reason": "did not look"}, {"actor": None}, {"detail": {"number": 7}}, {"verb": "x"}, {"challenge_id": 3}],
    ids=lambda change: next(iter(change)),
)
def test_an_edited_record_breaks_the_chain_at_its_number(chained: User, change: dict[str, object]) -> None:
    AuditRecord.objects.filter(sequence=3).update(**change)
    assert list(broken_links()) == [3]


def test_a_removed_record_breaks_the_chain_after_it(chained: User) -> None:
    AuditRecord.objects.filter(sequence=2).delete()
    assert list(broken_links()) == [3]


def test_whoever_has_no_key_cannot_mend_the_chain(chained: User, settings: object) -> None:
    settings.AUDIT_KEY = b"another key that the intruder made"  # type: ignore[attr-defined]
    assert list(broken_links()) == [1, 2, 3, 4, 5]


def test_a_record_goes_with_the_change_that_fails(chained: User) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record(verb="exam refused", subject=chained)
        raise ZeroDivisionError
    assert not AuditRecord.objects.filter(verb="exam refused").exists()


def test_verify_audit_prints_the_newest_link_and_remembers_none(chained: User) -> None:
    out = StringIO()
    call_command("verify_audit", stdout=out)
    number, link = chain_head()
    assert f"{number}:{link}" in out.getvalue()
    call_command("verify_audit", head=f"{number}:{link}", stdout=StringIO())


def test_verify_audit_finds_an_edit_and_a_cut(chained: User) -> None:
    number, link = chain_head()
    AuditRecord.objects.filter(sequence=number).delete()
    call_command("verify_audit", stdout=StringIO())  # a cut end alone leaves a chain that holds
    with pytest.raises(CommandError, match="are gone"):
        call_command("verify_audit", head=f"{number}:{link}", stdout=StringIO())
    AuditRecord.objects.filter(sequence=2).update(reason="")
    with pytest.raises(CommandError, match="record 2 does not follow"):
        call_command("verify_audit", stdout=StringIO())

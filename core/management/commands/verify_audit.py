"""Verifies the chain of the audit trail, and that it still holds a link that was written down elsewhere earlier."""

from __future__ import annotations

import hmac
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.audit import broken_links, chain_head, chain_records
from core.audit_heads import exported_heads
from core.models import AuditRecord


class Command(BaseCommand):
    help = (
        "Verifies the chain of the audit trail and prints its newest link. Exit 1 when a record was changed or is gone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--head",
            metavar="NUMBER:HMAC",
            default="",
            help="a link printed earlier and kept elsewhere: a chain that was cut short does not hold it any more",
        )

    def handle(self, **options: Any) -> None:
        while chain_records():
            pass
        faults = [f"record {number} does not follow from the one before it" for number in broken_links()]
        heads = [*exported_heads(), *([options["head"]] if options["head"] else [])]
        faults += [
            f"the link {head[:40]}… is not in the chain: records after an earlier end are gone"
            for head in heads
            if not _holds(head)
        ]
        if faults:
            raise CommandError("The audit trail was changed: " + "; ".join(faults[:20]) + ".")
        number, link = chain_head()
        self.stdout.write(f"{number} records, an unbroken chain. Keep this elsewhere: {number}:{link}")


def _holds(head: str) -> bool:
    number, _, link = head.partition(":")
    row = AuditRecord.objects.filter(sequence=int(number)).first() if number.isascii() and number.isdigit() else None
    return row is not None and hmac.compare_digest(row.chain, link)

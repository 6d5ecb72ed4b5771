"""Makes accounts for people from a table (email, name, staff), for a site administrator who sets a challenge up."""

from __future__ import annotations

import csv
import json
import sys
from typing import Any

from allauth.account.models import EmailAddress
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from core.audit import record
from core.models import AccessToken, User


class Command(BaseCommand):
    help = "Makes accounts from a CSV of email, name and staff (1 or 0); those that exist stay as they are."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("table", help="a CSV file, or - for standard input")
        parser.add_argument("--tokens", action="store_true", help="print a JSON object of e-mail to a new access token")
        parser.add_argument("--password", default="", help="the first password of new accounts (none: they reset it)")

    def handle(self, **options: Any) -> None:
        name = options["table"]
        with sys.stdin if name == "-" else open(name, encoding="utf-8", newline="") as table:
            rows = list(csv.DictReader(table))
        tokens = {}
        for row in rows:
            user = self.enrol(row, options["password"])
            if options["tokens"]:
                tokens[user.email] = AccessToken.issue(user, "enrolment")[1]
        self.stdout.write(json.dumps(tokens) if options["tokens"] else f"{len(rows)} people can sign in.")

    @transaction.atomic
    def enrol(self, row: dict[str, str], password: str) -> User:
        email = row["email"].strip().lower()
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            staff = row.get("staff", "").strip() == "1"
            user = User.objects.create_user(
                email, password or None, full_name=row.get("name", "").strip(), is_staff=staff
            )
            record(verb="person enrolled", subject=user)
        EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
        return user

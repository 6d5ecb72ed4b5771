"""The data protection officer's page of a challenge, and its register as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.timezone import localtime
from django.views.decorators.http import require_safe

from challenges.models import Challenge, Role
from challenges.permissions import has_role
from concours.formats.values import inert_cell
from core.pages import render_page
from pages.protection import SHOWN, Cell, ProtectionTable, protected_challenge, protection_tables
from uploads.export import Echo


@dataclass(frozen=True)
class ProtectionPage:
    """`shown`: how many rows of each table the page has at most."""

    challenge: Challenge
    organises: bool
    tables: list[ProtectionTable]
    shown: int


@login_required
@require_safe
def protection(request: HttpRequest, challenge: str) -> HttpResponse:
    """Data flow, retention, charters, withdrawals, deletions, downloads and what has to be signed."""
    challenge_row = protected_challenge(request.user, challenge)
    page = ProtectionPage(
        challenge=challenge_row,
        organises=has_role(request.user, challenge_row, Role.Kind.ORGANISER),
        tables=list(protection_tables(challenge_row)),
        shown=SHOWN,
    )
    return render_page(request, "pages/protection.html", page)


@login_required
@require_safe
def register(request: HttpRequest, challenge: str) -> StreamingHttpResponse:
    """Every table with all its rows as one CSV file, safe for spreadsheets."""
    challenge_row = protected_challenge(request.user, challenge)
    response = StreamingHttpResponse(_lines(challenge_row), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{challenge_row.slug}-data-protection.csv"'
    return response


def _lines(challenge: Challenge) -> Iterator[str]:
    """Each table under its title, an empty line between two. With a byte order mark, so that spreadsheets read accents."""
    write: Any = csv.writer(Echo()).writerow
    yield "\ufeff"
    for table in protection_tables(challenge, limit=None):
        yield write([table.title])
        yield write(table.columns)
        for row in table.rows:
            yield write([inert_cell(_text(cell)) for cell in row])
        yield write([])


def _text(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return localtime(cell).isoformat(timespec="seconds")
    return "" if cell is None else str(cell)

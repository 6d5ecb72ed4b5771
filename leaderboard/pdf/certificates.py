"""Certificates as a PDF, one a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext

from leaderboard.certificates import Certificate
from leaderboard.pdf.document import GREY, TEAL, document, paragraph, reportlab, style


def certificates_pdf(title: str, certificates: Sequence[Certificate]) -> bytes:
    """The file: who, as what, what they did in which question, and the day of the announcement."""
    content: list[Any] = []
    for certificate in certificates:
        if content:
            content.append(reportlab().platypus.PageBreak())
        content += _page(title, certificate)
    return document(title, content, numbered=False)


def _page(title: str, certificate: Certificate) -> list[Any]:
    spacer = reportlab().platypus.Spacer
    lines = [paragraph(line, style(14, align=1, after=6)) for line in certificate.lines]
    members = [paragraph(certificate.members, style(11, colour=GREY, align=1))] if certificate.members else []
    return [
        spacer(1, 90),
        paragraph(title, style(14, colour=GREY, align=1)),
        paragraph(gettext("Certificate"), style(34, bold=True, colour=TEAL, align=1, after=26)),
        paragraph(certificate.role, style(13, colour=GREY, align=1, after=8)),
        paragraph(certificate.name, style(26, bold=True, align=1, after=10)),
        *members,
        spacer(1, 18),
        *lines,
        spacer(1, 40),
        paragraph(certificate.date, style(11, colour=GREY, align=1)),
    ]

"""A PDF made of paragraphs, tables and page breaks, in fonts that hold every letter of a team's name."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.sax.saxutils import escape

FONTS = Path(__file__).parent / "fonts"
REGULAR, BOLD = "DejaVuSansCondensed", "DejaVuSansCondensed-Bold"
TEAL, GREY, STRIPE = "#0f766e", "#5b6470", "#f1f5f4"
RIGHT = 2
MARGIN = 42  # points, of 1/72 inch


@cache
def reportlab() -> SimpleNamespace:
    """The parts of reportlab that are used, with the fonts registered; loaded when a file is made, not with the site."""
    ttfonts, metrics = import_module("reportlab.pdfbase.ttfonts"), import_module("reportlab.pdfbase.pdfmetrics")
    for name in (REGULAR, BOLD):
        metrics.registerFont(ttfonts.TTFont(name, FONTS / f"{name}.ttf"))
    return SimpleNamespace(
        platypus=import_module("reportlab.platypus"),
        styles=import_module("reportlab.lib.styles"),
        colors=import_module("reportlab.lib.colors"),
        pages=import_module("reportlab.lib.pagesizes"),
    )


def style(size: float, *, bold: bool = False, colour: str = "black", align: int = 0, after: float = 4) -> Any:
    """A style of paragraphs; `align` 0 is left, 1 centred, 2 right."""
    return reportlab().styles.ParagraphStyle(
        f"{size}-{bold}-{colour}-{align}-{after}",
        fontName=BOLD if bold else REGULAR,
        fontSize=size,
        leading=size * 1.3,
        textColor=reportlab().colors.HexColor(colour) if colour.startswith("#") else colour,
        alignment=align,
        spaceAfter=after,
    )


def paragraph(text: str, text_style: Any) -> Any:
    """Plain words as a paragraph: nothing in them is markup."""
    return reportlab().platypus.Paragraph(escape(text), text_style)


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float], numeric: Collection[int] = ()
) -> Any:
    """A table whose head is repeated on every page, with cells that wrap; the columns `numeric` align right."""
    platypus, colors = reportlab().platypus, reportlab().colors
    sides = [RIGHT if at in numeric else 0 for at in range(len(head))]
    heads = [style(8, bold=True, colour=TEAL, after=0, align=side) for side in sides]
    cells = [style(8, after=0, align=side) for side in sides]
    body = [
        [paragraph(text, text_style) for text, text_style in zip(row, styles, strict=True)]
        for row, styles in ((head, heads), *((row, cells) for row in rows))
    ]
    long_table = platypus.LongTable(body, colWidths=list(widths), repeatRows=1)
    long_table.setStyle(
        platypus.TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, 0), 0.8, colors.HexColor(TEAL)),
                ("ROWBACKGROUNDS", (0, 1), (-1, -1), [colors.white, colors.HexColor(STRIPE)]),
                ("TOPPADDING", (0, 0), (-1, -1), 3),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
            ]
        )
    )
    return long_table


def document(title: str, content: Sequence[Any], *, numbered: bool = True) -> bytes:
    """The file, A4 across; the title and page number stand below every page where it is `numbered`."""
    pages = reportlab().pages
    target = io.BytesIO()

    def footer(canvas: Any, template: Any) -> None:
        canvas.setFont(REGULAR, 8)
        canvas.setFillColor(reportlab().colors.HexColor(GREY))
        canvas.drawString(MARGIN, MARGIN / 2, title)
        canvas.drawRightString(pages.landscape(pages.A4)[0] - MARGIN, MARGIN / 2, str(template.page))

    template = reportlab().platypus.SimpleDocTemplate(
        target,
        pagesize=pages.landscape(pages.A4),
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=title,
        invariant=1,
    )
    drawn = {"onFirstPage": footer, "onLaterPages": footer} if numbered else {}
    template.build(list(content), **drawn)
    return target.getvalue()


def page_width() -> float:
    """Between the margins, in points."""
    pages = reportlab().pages
    return float(pages.landscape(pages.A4)[0] - 2 * MARGIN)

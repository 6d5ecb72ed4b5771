"""The tables of an edition as one PDF to print: a numbered title for each, its note below."""

from __future__ import annotations

from collections.abc import Sequence

from challenges.question_words import number
from leaderboard.edition_parts import Cell, EditionTable
from leaderboard.pdf.document import GREY, document, page_width, paragraph, reportlab, style, table

NARROW, WIDE = 6, 60  # letters: what a column gets at least, and at most


def edition_pdf(title: str, tables: Sequence[EditionTable]) -> bytes:
    """The file; every table begins with its title, and none is torn from it."""
    platypus = reportlab().platypus
    content = [paragraph(title, style(20, bold=True, after=12))]
    for place, printed in enumerate(tables, start=1):
        rows = [[cell_words(cell) for cell in row] for row in printed.rows]
        content.append(platypus.CondPageBreak(120))
        content.append(paragraph(f"{place}. {printed.title}", style(13, bold=True, after=6)))
        content.append(
            table(printed.columns, rows, column_widths(printed.columns, rows, page_width()), printed.numeric)
        )
        if printed.note:
            content.append(paragraph(printed.note, style(8, colour=GREY)))
        content.append(platypus.Spacer(1, 18))
    return document(title, content)


def cell_words(cell: Cell) -> str:
    """A cell as the page writes it."""
    if cell is None:
        return "–"
    return cell if isinstance(cell, str) else number(cell)


def column_widths(head: Sequence[str], rows: Sequence[Sequence[str]], width: float) -> list[float]:
    """Shares of the width by the longest cell of each column, between a narrow and a wide one."""
    longest = [max(len(cells[at]) for cells in (head, *rows)) for at in range(len(head))]
    bounded = [min(max(letters, NARROW), WIDE) for letters in longest]
    return [width * letters / sum(bounded) for letters in bounded]

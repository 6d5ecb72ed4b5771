"""The table of a truth: its ids, parts and spacings. What is wrong with it is the organiser's to correct, never a team's."""

from __future__ import annotations

from collections.abc import Iterable

from concours.formats.fault import Fault, FormatError, gettext_noop
from concours.formats.tables import Table
from concours.formats.values import parse_number
from concours.questions.schema import QuestionSpec

PARTS = ("public", "private")


SPACINGS = ("spacing_row", "spacing_col", "spacing_slice")


class TruthError(FormatError):
    """The truth itself is at fault: the organiser has to act, no team can."""


def organiser_fault(where: str, template: str, /, **values: object) -> Fault:
    """A fault of the truth or the question."""
    return Fault("organiser_error", where, template, values)


def ids_of_table(spec: QuestionSpec, table: Table, faults: list[Fault]) -> list[str]:
    """Ids stay text. The column is the question's own, or `id`."""
    column = next((name for name in (spec.submission.id_column, "id", "case_id") if name in table.columns), None)
    if column is None:
        template = gettext_noop("The reference data have no column '%(name)s' or 'id'.")
        raise TruthError(organiser_fault(table.name, template, name=spec.submission.id_column))
    ids = table.column(column)
    if len(set(ids)) < len(ids) or not all(ids):
        faults.append(
            organiser_fault(table.name, gettext_noop("The reference data name a case twice, or a row has no id."))
        )
    return ids


def cells_of(table: Table, column: str, ids: Iterable[str]) -> dict[str, str]:
    return dict(zip(ids, table.column(column), strict=True)) if column in table.columns else {}


def parts_of(table: Table, ids: list[str], faults: list[Fault]) -> dict[str, str]:
    parts = cells_of(table, "part", ids)
    if any(part not in PARTS for part in parts.values()):
        faults.append(organiser_fault("part", gettext_noop("The column 'part' must be public or private.")))
    return parts


def spacings_of(table: Table, ids: list[str], faults: list[Fault]) -> dict[str, dict[str, float]]:
    spacings: dict[str, dict[str, float]] = {case: {} for case in ids}
    for column in SPACINGS:
        for case, cell in cells_of(table, column, ids).items():
            step = parse_number(cell)
            if cell and (step is None or step <= 0):
                template = gettext_noop("%(column)s of case '%(id)s' is not a distance in mm.")
                faults.append(organiser_fault(case, template, column=column, id=case))
            elif step is not None:
                spacings[case][column] = step
    return spacings


def slacks_of(table: Table, ids: list[str]) -> dict[str, float]:
    """The precision of each case's grid, where the truth states one (see `concours.imaging.Geometry.slack`)."""
    numbers = {case: parse_number(cell) for case, cell in cells_of(table, "grid_slack", ids).items()}
    return {case: number for case, number in numbers.items() if number is not None and number > 0}

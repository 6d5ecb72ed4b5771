"""Reads a Codabench bundle: `competition.yaml` of version 1.5 (CodaLab) or 2."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from concours.formats.fault import gettext_noop
from concours.questions.schema.tree import Located

from .imported import Findings, Imported, ImportedColumn, ImportedContest, Window
from .values import count, items, left_behind, limits_of, moment, opened, pairs, text, yes
from .writing import write_question

DIRECTIONS = {"desc": "higher", "descending": "higher", "asc": "lower", "ascending": "lower"}
CARRIED = {"title", "description", "phases", "leaderboard", "leaderboards", "version", "end_date"}
CARRIED_PHASE = {
    *("name", "label", "start", "end", "start_date", "end_date"),
    *("max_submissions", "max_submissions_per_day", "max_submissions_per_person", "phasenumber", "index"),
}
CARRIED_BOARD = {"id", "title", "key", "index", "primary_index", "hidden", "columns"}
CARRIED_COLUMN = {
    *("id", "title", "key", "index", "sorting", "sort", "precision"),
    *("computation", "computation_indexes"),
}
WHY = {
    "tasks": gettext_noop("programs and data are not run here: upload the reference data and name metrics"),
    "solutions": gettext_noop("example solutions are not used here"),
    "pages": gettext_noop("pages are not carried over: write the description on the challenge's page"),
    "html": gettext_noop("pages are not carried over: write the description on the challenge's page"),
    "terms": gettext_noop("the terms are not carried over: write them into the charter"),
    "image": gettext_noop("the logo is not carried over"),
    "docker_image": gettext_noop("containers are not run here"),
    "queue": gettext_noop("queues of another platform are not used here"),
    "fact_sheet": gettext_noop("the fact sheet is not carried over"),
    "admin_names": gettext_noop("organisers are invited here separately"),
    "admins": gettext_noop("organisers are invited here separately"),
    "submission_rule": gettext_noop("%(written)s is not carried over: a team chooses here which submission counts"),
    "has_registration": gettext_noop("registration follows the charter of the challenge here"),
    "registration_auto_approve": gettext_noop("registration follows the charter of the challenge here"),
}


LIMITS = {"per_day": ("max_submissions_per_day",), "per_phase": ("max_submissions_per_person", "max_submissions")}


def import_codabench(configuration: str) -> Imported:
    """The question of a `competition.yaml`. Raises SpecError with every error and its line; then nothing is imported."""
    top, findings = opened(configuration, gettext_noop("this is not a competition.yaml file"))
    second = text(top.get("version")).startswith("2") or isinstance(_value(top.get("phases")), list)
    phases = items(top.get("phases"))
    columns, main, public = _second_columns(top, findings) if second else _first_columns(top, findings)
    draft = ImportedContest(
        title=text(top.get("title")),
        summary=text(top.get("description"))[:2000],
        source=f"codabench {'2' if second else '1.5'}",
        windows=_windows(phases, top.get("end_date"), findings),
        columns=columns,
        main=main,
        limits=limits_of(phases, LIMITS, findings),
        public=public
        and not any(text(pairs(phase).get("leaderboard_management_mode")) == "hide_results" for phase in phases),
    )
    left_behind(top, CARRIED, WHY, findings)
    for phase in phases:
        left_behind(pairs(phase), CARRIED_PHASE, WHY, findings)
    return write_question(draft, findings)


def _value(located: Located | None) -> object:
    return located.value if located is not None else None


def _windows(phases: list[Located], ends: Located | None, findings: Findings) -> tuple[Window, ...]:
    """A phase without an end closes when the next opens, the last with the competition: as both versions run them."""
    opens = [moment(_first(pairs(phase), "start", "start_date"), findings) for phase in phases]
    closes = [moment(_first(pairs(phase), "end", "end_date"), findings, ends=True) for phase in phases]
    end = moment(ends, findings, ends=True)
    windows: list[Window] = []
    for index, phase in enumerate(phases):
        here = pairs(phase)
        name = text(_first(here, "name", "label")) or f"phase {index + 1}"
        close = closes[index] or (opens[index + 1] if index + 1 < len(phases) else end)
        if "start" not in here and "start_date" not in here:
            findings.wrong(phase.line, phase.path, gettext_noop("phase %(name)s has no start"), name=name)
        if close is None and not any("end" in key and key in here for key in ("end", "end_date")):
            template = gettext_noop("phase %(name)s has no end, and no phase follows; add its end")
            findings.wrong(phase.line, phase.path, template, name=name)
        if closes[index] is None and close is not None:
            template = gettext_noop("phase %(name)s has no end of its own: it closes at %(close)s")
            findings.note(phase.line, phase.path, template, name=name, close=close.isoformat())
        opened: datetime | None = opens[index]
        if opened is None or close is None:
            continue
        if close <= opened:
            findings.wrong(phase.line, phase.path, gettext_noop("phase %(name)s closes before it opens"), name=name)
        windows.append(Window(name, name, opened.isoformat(), close.isoformat()))
    if len(windows) > 1:
        template = gettext_noop("%(name)s is used as the deciding phase because it is the last")
        findings.note(phases[-1].line, phases[-1].path, template, name=windows[-1].name)
    return tuple(windows)


def _first(here: Mapping[str, Located], *keys: str) -> Located | None:
    return next((here[key] for key in keys if key in here), None)


def _direction(column: Located, key: str, here: Mapping[str, Located], findings: Findings) -> str:
    sorting = _first(here, "sorting", "sort")
    word = text(sorting).lower()
    if not word:
        template = gettext_noop(
            "column %(key)s does not state how it sorts; write sorting: desc (higher is better) or asc"
        )
        findings.wrong(column.line, column.path, template, key=key)
    elif word not in DIRECTIONS:
        template = gettext_noop("column %(key)s sorts %(word)s; supported: asc, desc")
        findings.wrong((sorting or column).line, (sorting or column).path, template, key=key, word=word)
    return DIRECTIONS.get(word, "")


def _second_columns(top: Mapping[str, Located], findings: Findings) -> tuple[tuple[ImportedColumn, ...], str, bool]:
    boards = _boards(top)
    if not boards:
        findings.wrong(1, "leaderboards", gettext_noop("there is no leaderboard"))
        return (), "", True
    for extra in boards[1:]:
        template = gettext_noop("a question has one leaderboard: %(title)s is not carried over")
        findings.note(extra.line, extra.path, template, title=text(pairs(extra).get("title")) or "the second")
    if "leaderboards" in top and "leaderboard" in top:
        findings.note(top["leaderboard"].line, "leaderboard", gettext_noop("leaderboards is used instead"))
    board = pairs(boards[0])
    left_behind(board, CARRIED_BOARD, WHY, findings)
    rows = [(index, row, pairs(row)) for index, row in enumerate(items(board.get("columns")))]
    key_at: dict[int, str] = {}
    for index, row, here in rows:
        left_behind(here, CARRIED_COLUMN, WHY, findings)
        key = text(_first(here, "key", "title"))
        if not key or key in key_at.values():
            findings.wrong(row.line, row.path, gettext_noop("every column needs its own key"))
            continue
        key_at[_index(here.get("index"), index)] = key
    columns = [
        ImportedColumn(
            key=text(_first(here, "key", "title")),
            title=text(_first(here, "title", "key")),
            direction=_direction(row, text(_first(here, "key", "title")), here, findings),
            line=row.line,
            of=_averaged(row, here, key_at, findings),
            digits=count(here.get("precision")),
        )
        for _, row, here in rows
    ]
    main = key_at.get(_index(board.get("primary_index"), 0), key_at[min(key_at)] if key_at else "")
    return _usable(columns, main, findings), main, yes(board.get("hidden")) is not True


def _index(located: Located | None, default: int) -> int:
    value = _value(located)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _boards(top: Mapping[str, Located]) -> list[Located]:
    """`leaderboards` or `leaderboard`, a list of boards or one board."""
    board = _first(top, "leaderboards", "leaderboard")
    if board is not None and isinstance(board.value, dict) and "columns" in board.value:
        return [board]
    return items(board)


def _averaged(
    row: Located, here: Mapping[str, Located], key_at: Mapping[int, str], findings: Findings
) -> tuple[str, ...]:
    computation = text(here.get("computation")).lower()
    if not computation:
        return ()
    indexes = [_index(item, -1) for item in items(here.get("computation_indexes"))] or [
        int(word) for word in text(here.get("computation_indexes")).split(",") if word.strip().isdecimal()
    ]
    of = tuple(key_at[index] for index in indexes if index in key_at)
    if computation != "avg" or len(of) != len(indexes) or not of:
        template = gettext_noop(
            "column %(key)s is computed by %(computation)s: only an average of other columns is supported"
        )
        findings.wrong(row.line, row.path, template, key=text(here.get("key")), computation=computation)
    return of


def _first_columns(top: Mapping[str, Located], findings: Findings) -> tuple[tuple[ImportedColumn, ...], str, bool]:
    """Version 1.5: `columns` by key, `rank` says which comes first."""
    board = pairs(_first(top, "leaderboard", "leaderboards"))
    if not board:
        findings.wrong(1, "leaderboard", gettext_noop("there is no leaderboard"))
        return (), "", True
    boards = items(board.get("leaderboards"))
    for extra in boards[1:]:
        template = gettext_noop("a question has one leaderboard: the columns of %(title)s join the first")
        findings.note(extra.line, extra.path, template, title=text(pairs(extra).get("label")) or "the second")
    columns: list[tuple[int, ImportedColumn]] = []
    for position, (key, row) in enumerate(pairs(board.get("columns")).items()):
        here = pairs(row)
        columns.append((_index(here.get("rank"), 1000 + position), _first_column(key, row, here, findings)))
    ordered = [column for _, column in sorted(columns, key=lambda pair: pair[0])]
    main = ordered[0].key if ordered else ""
    return _usable(ordered, main, findings), main, True


def _first_column(key: str, row: Located, here: Mapping[str, Located], findings: Findings) -> ImportedColumn:
    computed = pairs(here.get("computed"))
    of = tuple(text(item) for item in items(computed.get("fields"))) or tuple(
        word.strip() for word in text(computed.get("fields")).split(",") if word.strip()
    )
    if computed and text(computed.get("operation")).lower() != "avg":
        template = gettext_noop(
            "column %(key)s is computed by %(computation)s: only an average of other columns is supported"
        )
        findings.wrong(row.line, row.path, template, key=key, computation=text(computed.get("operation")) or "?")
    return ImportedColumn(
        key,
        text(here.get("label")) or key,
        _direction(row, key, here, findings),
        row.line,
        of,
        count(here.get("numeric_format")),
    )


def _usable(columns: list[ImportedColumn], main: str, findings: Findings) -> tuple[ImportedColumn, ...]:
    """The plain columns and the main one. An average over unknown or opposite columns cannot rank."""
    directions = {column.key: column.direction for column in columns if not column.of}
    usable: list[ImportedColumn] = []
    for column in columns:
        agrees = all(directions.get(key) == column.direction for key in column.of)
        if column.key == main and not agrees:
            template = gettext_noop("column %(key)s averages columns that sort differently or are computed themselves")
            findings.wrong(column.line, "", template, key=column.key)
        if column.of and column.key != main:
            template = gettext_noop("column %(key)s is an average outside the ranking: not carried over")
            findings.note(column.line, "", template, key=column.key)
            continue
        usable.append(column)
    return tuple(usable)

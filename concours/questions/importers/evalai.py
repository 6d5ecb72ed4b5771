"""Reads an EvalAI configuration: `challenge_config.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from concours.formats.fault import gettext_noop
from concours.questions.schema.tree import Located

from .imported import Findings, Imported, ImportedColumn, ImportedContest, Window
from .values import count, items, left_behind, limits_of, moment, opened, pairs, text, yes
from .writing import write_question

CARRIED = {
    *("title", "short_description", "start_date", "end_date"),
    *("leaderboard", "leaderboards", "challenge_phases", "challenge_phase_splits"),
}
CARRIED_PHASE = {
    *("id", "name", "codename", "start_date", "end_date", "leaderboard_public"),
    *("max_submissions", "max_submissions_per_day"),
}
WHY = {
    "evaluation_script": gettext_noop("programs are not run here: upload the reference data and name metrics"),
    "remote_evaluation": gettext_noop("programs are not run here: upload the reference data and name metrics"),
    "dataset_splits": gettext_noop(
        "sets are declared under split, with the public and private part of the reference data"
    ),
    "terms_and_conditions": gettext_noop("the terms are not carried over: write them into the charter"),
    "test_annotation_file": gettext_noop("the reference data are uploaded separately and sealed"),
    "max_submissions_per_month": gettext_noop("monthly limits are not supported: limits are per day and per phase"),
}


LIMITS = {"per_day": ("max_submissions_per_day",), "per_phase": ("max_submissions",)}


def import_evalai(configuration: str) -> Imported:
    """The question of a `challenge_config.yaml`. Raises SpecError with every error; then nothing is imported."""
    top, findings = opened(configuration, gettext_noop("this is not a challenge_config.yaml file"))
    phases = items(top.get("challenge_phases"))
    splits = items(top.get("challenge_phase_splits"))
    columns, main = _columns(top, splits, findings)
    windows, phases = _windows(phases, top, findings)
    draft = ImportedContest(
        title=text(top.get("title")),
        summary=text(top.get("short_description"))[:2000],
        source="evalai",
        windows=windows,
        columns=columns,
        main=main,
        limits=limits_of(phases, LIMITS, findings),
        public=all(yes(pairs(phase).get("leaderboard_public")) is not False for phase in phases),
    )
    left_behind(top, CARRIED, WHY, findings)
    for phase in phases:
        left_behind(pairs(phase), CARRIED_PHASE, WHY, findings)
    return write_question(draft, findings)


def _windows(
    phases: list[Located], top: Mapping[str, Located], findings: Findings
) -> tuple[tuple[Window, ...], list[Located]]:
    """The windows as they close, and their phases. A phase without its own dates has the challenge's."""
    start, end = moment(top.get("start_date"), findings), moment(top.get("end_date"), findings, ends=True)
    dated: list[tuple[datetime, Window, Located]] = []
    for index, phase in enumerate(phases):
        here = pairs(phase)
        name = text(here.get("name")) or f"phase {index + 1}"
        opens, closes = moment(here.get("start_date"), findings), moment(here.get("end_date"), findings, ends=True)
        for key, own, common in (("start_date", opens, start), ("end_date", closes, end)):
            if key not in here and common is None:
                template = gettext_noop("neither phase %(name)s nor the challenge has %(key)s")
                findings.wrong(phase.line, phase.path, template, name=name, key=key)
            if key not in here and own is None and common is not None:
                template = gettext_noop("phase %(name)s has no %(key)s: the challenge's is used")
                findings.note(phase.line, phase.path, template, name=name, key=key)
        opens, closes = opens or start, closes or end
        if opens is None or closes is None:
            continue
        if closes <= opens:
            findings.wrong(phase.line, phase.path, gettext_noop("phase %(name)s closes before it opens"), name=name)
        codename = text(here.get("codename")) or name
        dated.append((closes, Window(codename, name, opens.isoformat(), closes.isoformat()), phase))
    dated.sort(key=lambda row: row[0])
    if len(dated) > 1:
        template = gettext_noop("%(name)s is used as the deciding phase because it closes last")
        findings.note(dated[-1][2].line, dated[-1][2].path, template, name=dated[-1][1].title)
    return tuple(window for _, window, _ in dated), [phase for _, _, phase in dated]


def _columns(
    top: Mapping[str, Located], splits: list[Located], findings: Findings
) -> tuple[tuple[ImportedColumn, ...], str]:
    both = top.get("leaderboard") or top.get("leaderboards")
    boards = items(both) if both is None or isinstance(both.value, list) or "schema" not in pairs(both) else [both]
    if not boards:
        findings.wrong(1, "leaderboard", gettext_noop("there is no leaderboard"))
        return (), ""
    for extra in boards[1:]:
        template = gettext_noop("a question has one leaderboard: number %(id)s is not carried over")
        findings.note(extra.line, extra.path, template, id=text(pairs(extra).get("id")) or "2")
    board = boards[0]
    schema = pairs(pairs(board).get("schema"))
    labels = [text(label) for label in items(schema.get("labels"))]
    main = text(schema.get("default_order_by"))
    if not labels:
        findings.wrong(board.line, board.path, gettext_noop("the leaderboard's schema has no labels"))
    elif main not in labels:
        template = gettext_noop("default_order_by must be one of the labels: %(labels)s")
        findings.wrong(board.line, board.path, template, labels=", ".join(labels))
    whole = _order_of_splits(splits, text(pairs(board).get("id")), findings)
    columns = tuple(
        ImportedColumn(
            key=label,
            title=label,
            direction=_direction(label, board, pairs(schema.get("metadata")), whole if label == main else "", findings),
            line=board.line,
            digits=_digits(splits),
        )
        for label in dict.fromkeys(labels)
    )
    return columns, main


def _direction(label: str, board: Located, metadata: Mapping[str, Located], whole: str, findings: Findings) -> str:
    """`sort_ascending` of the label, or for the label that ranks the splits' own order; never a guess."""
    ascending = yes(pairs(metadata.get(label)).get("sort_ascending"))
    if ascending is None and not whole:
        template = gettext_noop(
            "label %(label)s does not state which direction is better; write metadata: {%(label)s: "
            "{sort_ascending: ...}}"
        )
        findings.wrong(board.line, board.path, template, label=label)
        return ""
    own = "" if ascending is None else "lower" if ascending else "higher"
    if own and whole and own != whole:
        template = gettext_noop("label %(label)s sorts one way in metadata and the other in challenge_phase_splits")
        findings.wrong(board.line, board.path, template, label=label)
    return own or whole


def _order_of_splits(splits: list[Located], board: str, findings: Findings) -> str:
    orders: dict[str, Located] = {}
    for split in splits:
        here = pairs(split)
        descending = yes(here.get("is_leaderboard_order_descending"))
        if descending is not None and text(here.get("leaderboard_id")) in ("", board):
            orders.setdefault("higher" if descending else "lower", split)
    if len(orders) > 1:
        split = list(orders.values())[1]
        findings.wrong(split.line, split.path, gettext_noop("one leaderboard sorts in two directions"))
    return next(iter(orders), "")


def _digits(splits: list[Located]) -> int | None:
    decimals = [count(pairs(split).get("leaderboard_decimal_precision")) for split in splits]
    return max((digits for digits in decimals if digits is not None), default=None)

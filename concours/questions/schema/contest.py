"""Sections about the contest: submission, metrics, ranking, jury, leaderboard, limits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

from concours.formats.fault import gettext_noop

from .frame import known_params, read_column
from .nouns import (
    DerivedSpec,
    FieldSpec,
    FinalSpec,
    GeneratedSpec,
    JuryCriterionSpec,
    JurySpec,
    KnownNames,
    LeaderboardSpec,
    LimitsSpec,
    MasksSpec,
    MetricSpec,
    RankingSpec,
    RunsSpec,
    SubmissionSpec,
    TableSpec,
    Words,
)
from .rules import EXTERNAL, HOWS, RANK_RULES, RULES, SUBMITTED_AT, TIES, How, RuleName, Ties
from .section import SpecSection

MASK_FORMATS = ("nifti", "dicom", "png", "npy")
TABLE_FORMATS = ("csv", "xlsx")


def read_submission(section: SpecSection | None, data_fields: Mapping[str, FieldSpec]) -> SubmissionSpec:
    """`submission`: the files and columns a team sends."""
    if section is None:
        return SubmissionSpec("case_id")
    masks_of = [name for name, field in data_fields.items() if field.type == "mask"]
    submission = SubmissionSpec(
        id_column=section.text("id_column", "case_id"),
        table=_table(section.section("table")),
        masks=_masks(section.section("masks"), masks_of),
        runs=_runs(section.section("runs"), masks_of),
        generated=_generated(section.section("generated")),
    )
    section.close()
    return submission


def _table(section: SpecSection | None) -> TableSpec | None:
    if section is None:
        return None
    table = TableSpec(
        name=section.text("name", "predictions.csv"),
        columns=section.each("columns", read_column, needed=True),
        formats=section.texts("formats", TABLE_FORMATS, choices=TABLE_FORMATS),
        rows=section.text("rows", "one", choices=("one", "many")),
    )
    section.close()
    return table


def _masks(section: SpecSection | None, masks_of: Collection[str]) -> MasksSpec | None:
    if section is None:
        return None
    masks = MasksSpec(
        field=section.text("field", choices=masks_of),
        files=section.text("files", "{id}"),
        formats=section.texts("formats", MASK_FORMATS, choices=MASK_FORMATS),
    )
    if "{id}" not in masks.files:
        section.wrong(section.at("files"), gettext_noop("the name of a file must contain {id}"))
    section.close()
    return masks


def _runs(section: SpecSection | None, masks_of: Collection[str]) -> RunsSpec | None:
    if section is None:
        return None
    shape = section.section("shape")
    base = section.integer("base", low=0, high=1, needed=True)
    runs = RunsSpec(
        field=section.text("field", choices=masks_of),
        name=section.text("name", "masks.csv"),
        column=section.text("column", "rle"),
        order=section.text("order", choices=("row", "column")),
        base=base if base is not None else 1,
        shape_column=shape.text("column") if shape is not None else "",
        shape_use=shape.text("use", choices=("check", "ignore")) if shape is not None else "ignore",
        ignore=section.texts("ignore"),
    )
    if shape is not None:
        shape.close()
    section.close()
    return runs


def _generated(section: SpecSection | None) -> GeneratedSpec | None:
    if section is None:
        return None
    cases = section.integer("cases", low=1, high=1_000_000, needed=True) or 1
    minimum = section.integer("minimum", cases, low=1, high=cases)
    generated = GeneratedSpec(
        cases=cases,
        minimum=minimum or cases,
        images=section.texts("images", needed=True),
        files=section.text("files", "{id}.npy"),
        formats=section.texts("formats", ("npy",), choices=("npy",)),
        shape=section.integers("shape"),
        embedding=section.text("embedding", ""),
    )
    section.close()
    return generated


def read_metrics(
    section: SpecSection, data_fields: Mapping[str, FieldSpec], known_names: KnownNames
) -> dict[str, MetricSpec]:
    """`metrics`: one score, one metric."""
    metrics: dict[str, MetricSpec] = {}
    for name, row in section.sections("metrics", needed=True):
        metric = row.text("metric", choices={*known_names.metrics, EXTERNAL})
        fields = _fields(row, data_fields)
        over = row.text("over", "cases", choices=("cases", "set", "declared"))
        params = row.section("params")
        plain = {key: params.plain(key) for key in params.names()} if params is not None else {}
        if params is not None and metric != EXTERNAL:
            known_params(params, metric, plain, known_names.metrics, known_names.metric_faults)
        metrics[name] = MetricSpec(
            name=name,
            metric=metric,
            fields=fields,
            columns=row.texts("columns", row.texts("column", fields)),
            over=over,
            aggregate=row.text("aggregate", "mean", choices=("mean", "median", "sum", "min", "max")),
            params=plain,
            where=_where(row, data_fields),
            label=row.integer("label", low=1),
            opposite=row.boolean("opposite", False),
            goal=row.number("goal"),
            direction=_direction(row, metric),
            title=row.words("title"),
        )
        row.close()
        if over == "set" and row.has("aggregate"):
            row.wrong(
                row.at("aggregate"), gettext_noop("a score over the set is one number: there is nothing to aggregate")
            )
    if not metrics and section.has("metrics"):
        section.wrong(section.at("metrics"), gettext_noop("a question needs at least one metric"))
    return metrics


def _fields(row: SpecSection, data_fields: Collection[str]) -> tuple[str, ...]:
    if row.has("field") and row.has("fields"):
        row.wrong(row.at("fields"), gettext_noop("write field or fields, not both"))
    field = row.texts("field", choices=data_fields)
    return field or row.texts("fields", choices=data_fields)


def _where(row: SpecSection, data_fields: Collection[str]) -> dict[str, str]:
    where = row.section("where")
    conditions: dict[str, str] = {}
    for name in where.names() if where is not None else []:
        value = where.text(name) if where is not None else ""
        if name not in data_fields:
            row.wrong(row.at("where"), gettext_noop("%(name)s is not a field of this question"), name=name)
        conditions[name] = value
    return conditions


def _direction(row: SpecSection, metric: str) -> str:
    if metric != EXTERNAL:
        if row.has("direction"):
            row.wrong(row.at("direction"), gettext_noop("the direction is defined by the metric itself"))
        return ""
    return row.text("direction", choices=("higher", "lower"))


def read_ranking(section: SpecSection | None, scores: Collection[str]) -> RankingSpec:
    """`ranking`: how scores become places. `scores` are the metrics' names and the jury's."""
    if section is None:
        return RankingSpec("best_score", ())
    derived = _derived(section, scores)
    named = [*scores, *derived]
    ranking = RankingSpec(
        rule=cast(RuleName, section.text("rule", choices=RULES)),
        by=section.texts("by", choices=named, needed=True),
        weights=section.numbers("weights", low=0),
        derived=derived,
        ties=cast(Ties, section.text("ties", "min", choices=TIES)),
        tie_break=section.texts("tie_break", choices=[*named, SUBMITTED_AT]),
    )
    section.close()
    _check_ranking(section, ranking)
    return ranking


def _derived(section: SpecSection, scores: Collection[str]) -> dict[str, DerivedSpec]:
    columns = list(scores)
    derived: dict[str, DerivedSpec] = {}
    for name, row in section.sections("derived"):
        how = cast(How, row.text("how", choices=HOWS))
        of = row.texts("of", choices=columns, needed=True)
        by = row.number("by")
        title = row.words("title")
        row.close()
        if name in columns:
            row.wrong(None, gettext_noop("there is already a score named %(name)s"), name=name)
        if how != "mean" and len(of) > 1:
            row.wrong(row.at("of"), gettext_noop("%(how)s is computed from one score"), how=how)
        if (how == "divide") != (by is not None) or (by is not None and by <= 0):
            row.wrong(row.at("by"), gettext_noop("divide requires by: a number above 0, and no other rule accepts it"))
        columns.append(name)
        derived[name] = DerivedSpec(name, how, of, by or 1.0, title)
    return derived


def _check_ranking(section: SpecSection, ranking: RankingSpec) -> None:
    by = section.at("by")
    if by is not None and by.value == []:
        section.wrong(by, gettext_noop("by must name at least one score"))
    if ranking.rule == "best_score" and len(ranking.by) > 1:
        section.wrong(by, gettext_noop("best_score ranks by one score; list the others under tie_break"))
    if ranking.rule == "weighted" and set(ranking.weights) != set(ranking.by):
        section.wrong(section.at("weights"), gettext_noop("weighted requires one weight for each score of by"))
    if ranking.rule not in (*RANK_RULES, "weighted") and ranking.weights:
        section.wrong(section.at("weights"), gettext_noop("%(rule)s does not accept weights"), rule=ranking.rule)
    for name, weight in ranking.weights.items():
        if name not in ranking.by or weight == 0:
            section.wrong(
                section.at("weights"),
                gettext_noop("a weight must be above 0 and belong to a score of by: %(name)s"),
                name=name,
            )


def read_final(section: SpecSection | None, scores: Collection[str]) -> FinalSpec | None:
    """`final`: a second ranking of the best few."""
    if section is None:
        return None
    final = FinalSpec(
        finalists=section.integer("finalists", low=1, high=1000, needed=True) or 1,
        ranking=read_ranking(section.section("ranking", needed=True), scores),
        tolerance=section.number("tolerance", low=0),
        steps_up=section.boolean("steps_up", True),
    )
    section.close()
    return final


def read_jury(section: SpecSection | None) -> JurySpec | None:
    """`jury`: who marks what, from where to where."""
    if section is None:
        return None
    criteria = tuple(section.each("criteria", _jury_criterion, needed=True).values())
    jury = JurySpec(
        score=section.name("score", "jury"),
        jurors=section.integer("jurors", 1, low=1, high=1000) or 1,
        cases=section.integer("cases", 1, low=1, high=10_000) or 1,
        criteria=criteria,
        select=section.text("select", "all", choices=("all", "kmeans")),
        blind=section.boolean("blind", True),
        seed=section.integer("seed", 0) or 0,
    )
    section.close()
    return jury


def _jury_criterion(name: str, section: SpecSection) -> JuryCriterionSpec:
    low = section.integer("min", 0, low=-1000, high=1000)
    high = section.integer("max", low=-1000, high=1000, needed=True)
    if low is not None and high is not None and low >= high:
        section.wrong(section.at("min"), gettext_noop("min %(low)s is above max %(high)s"), low=low, high=high)
    return JuryCriterionSpec(name, low or 0, high or 0, section.words("title") or Words(name, name))


def read_leaderboard(section: SpecSection | None) -> LeaderboardSpec:
    if section is None:
        return LeaderboardSpec()
    leaderboard = LeaderboardSpec(
        public_share=section.number("public_share", 0.0, low=0, high=1) or 0.0,
        digits=section.integer("digits", 4, low=0, high=15) or 0,
        seed=section.integer("seed", 0) or 0,
        reveal_at=section.moment("reveal_at", needed=False),
        step=section.number("step", low=0),
    )
    section.close()
    return leaderboard


def read_limits(section: SpecSection | None) -> LimitsSpec:
    if section is None:
        return LimitsSpec()
    default = LimitsSpec()
    limits = LimitsSpec(
        per_day=section.integer("per_day", low=1),
        per_phase=section.integer("per_phase", low=1),
        bytes=section.integer("bytes", default.bytes, low=1) or default.bytes,
        unpacked_bytes=section.integer("unpacked_bytes", default.unpacked_bytes, low=1) or default.unpacked_bytes,
        entries=section.integer("entries", default.entries, low=1) or default.entries,
        rows=section.integer("rows", default.rows, low=1) or default.rows,
    )
    section.close()
    return limits

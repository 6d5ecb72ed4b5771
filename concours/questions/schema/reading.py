"""A question file from text to values: every error at once, each with its line."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from concours.formats.fault import gettext_noop

from .addresses import PAGE_WORDS
from .contest import (
    read_final,
    read_jury,
    read_leaderboard,
    read_limits,
    read_metrics,
    read_ranking,
    read_submission,
)
from .frame import (
    read_batches,
    read_data,
    read_deidentification,
    read_grading,
    read_inclusion,
    read_phases,
    read_rules,
    read_split,
    read_target,
)
from .mistakes import SpecError
from .nouns import (
    FORMAT_VERSION,
    DataSpec,
    FieldSpec,
    JurySpec,
    KnownNames,
    MetricSpec,
    QuestionSpec,
    SplitSpec,
    SubmissionSpec,
    Words,
)
from .rules import EXTERNAL
from .section import NAME, SpecSection
from .soundness import check_soundness, inside
from .tree import read_tree

NOTHING = Words("", "")


def load_spec(text: str, known_names: KnownNames) -> QuestionSpec:
    """The question that `text` (YAML) declares.

    `known` holds the names of kinds, metrics and criteria that exist: this package knows none by itself.
    Raises SpecError with every mistake found, each with its line.
    """
    tree, mistakes = read_tree(text)
    top = SpecSection(tree, mistakes)
    version = top.integer("concours", needed=True)
    if version not in (None, FORMAT_VERSION):
        top.wrong(
            top.at("concours"),
            gettext_noop("this file has format %(version)s; this platform supports format 1"),
            version=version,
        )
    data = read_data(top.section("data", needed=True))
    split = read_split(top.section("split"), data.fields)
    batches = read_batches(top, [*split.sets, *split.shares])
    submission = read_submission(top.section("submission", needed=True), data.fields)
    metrics = read_metrics(top, data.fields, known_names)
    jury = read_jury(top.section("jury"))
    scores = [*metrics, *([jury.score] if jury else [])]
    kind = top.text("kind", choices=known_names.kinds)
    spec = QuestionSpec(
        slug=top.text("slug"),
        title=top.words("title", needed=True) or NOTHING,
        summary=top.words("summary", NOTHING) or NOTHING,
        source=top.text("source", ""),
        kind=kind,
        data=data,
        inclusion=read_inclusion(top.section("inclusion"), known_names),
        deidentification=read_deidentification(top.section("deidentification")),
        grading=read_grading(top.section("grading")),
        split=split,
        batches=batches,
        phases=read_phases(top, [row.name("name") for row in top.rows("batches")]),  # one with another error has a name
        submission=submission,
        metrics=metrics,
        ranking=read_ranking(top.section("ranking", needed=True), scores),
        final=read_final(top.section("final"), scores),
        jury=jury,
        leaderboard=read_leaderboard(top.section("leaderboard")),
        limits=read_limits(top.section("limits")),
        rules=read_rules(top.section("rules")),
        target=read_target(top.section("target")),
        seed=top.integer("seed", 0) or 0,
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )
    _check_slug(top, spec.slug)
    _check_fields(top, data)
    _check_scores(top, metrics, data, submission, jury)
    _check_criteria(top, data, known_names)
    _check_truth(top, split, kind)
    _check_kind(top, kind, submission, known_names)
    check_soundness(top, spec, known_names)
    top.close()
    if mistakes:
        raise SpecError(mistakes)
    return spec


def _check_slug(top: SpecSection, slug: str) -> None:
    if slug and (not NAME.match(slug) or "_" in slug or len(slug) > 50):
        top.wrong(
            top.at("slug"), gettext_noop("a slug consists of lower-case letters, digits and -, at most 50 characters")
        )
    if slug in PAGE_WORDS:
        template = gettext_noop("'%(slug)s' is the address of a page of the challenge; add a word to it")
        top.wrong(top.at("slug"), template, slug=slug)


def _check_fields(top: SpecSection, data: DataSpec) -> None:
    for name, field in data.fields.items():
        place = inside(top, "data", "fields", name)
        if field.type == "mask" and field.of not in data.images:
            template = gettext_noop("a mask must state which image it is drawn on: of: %(images)s")
            place.wrong(place.at("of"), template, images=" | ".join(data.images) or "?")
        if field.type == "category" and not field.allowed:
            place.wrong(None, gettext_noop("a category must list its allowed values"))
        if field.measured_from and getattr(data.fields.get(field.measured_from), "type", "") != "mask":
            place.wrong(place.at("measured_from"), gettext_noop("this is not a mask of this question"))
        if field.derive is not None:
            _check_derived(place, field, data)


def _check_derived(place: SpecSection, field: FieldSpec, data: DataSpec) -> None:
    derive = field.derive
    if derive is None:
        return
    table = data.fields.get(derive.of)
    if table is None or table.type != "table":
        place.wrong(place.at("derive"), gettext_noop("%(of)s is not a table of this question"), of=derive.of)
        return
    for column in derive.over:
        if column not in table.columns:
            template = gettext_noop("%(of)s has no column %(column)s")
            place.wrong(place.at("derive"), template, of=derive.of, column=column)


def _check_scores(
    top: SpecSection, metrics: dict[str, MetricSpec], data: DataSpec, submission: SubmissionSpec, jury: JurySpec | None
) -> None:
    sent = set(submission.table.columns) if submission.table else set()
    masks = {part.field for part in (submission.masks, submission.runs) if part is not None}
    for name, metric in metrics.items():
        place = inside(top, "metrics", name)
        if jury is not None and name == jury.score:
            place.wrong(None, gettext_noop("%(name)s is already the score of the jury"), name=name)
        if metric.metric == EXTERNAL or metric.over == "declared" or submission.generated is not None:
            continue
        if not metric.fields:
            place.missing("field")
        _check_label(place, metric, data)
        for column in metric.columns:
            if column not in sent | masks:
                template = gettext_noop(
                    "teams do not send %(column)s: declare it under submission, or write column: ..."
                )
                place.wrong(None, template, column=column)


def _check_label(place: SpecSection, metric: MetricSpec, data: DataSpec) -> None:
    values = {value for name in metric.fields if name in data.fields for value in data.fields[name].values if value}
    if metric.label is not None and metric.label not in values:
        place.wrong(place.at("label"), gettext_noop("the mask has no label %(label)s"), label=metric.label)
    if len(metric.columns) < len(metric.fields) or (
        len(metric.fields) > 1 and len(metric.columns) > len(metric.fields)
    ):
        place.wrong(None, gettext_noop("fields and columns must come in pairs"))


def _check_truth(top: SpecSection, split: SplitSpec, kind: str) -> None:
    if not split.truth and kind != EXTERNAL:
        place = inside(top, "split")
        place.wrong(None, gettext_noop("evaluation must name the sets that submissions are scored on"))


def _check_kind(top: SpecSection, kind: str, submission: SubmissionSpec, known_names: KnownNames) -> None:
    needs = known_names.kinds.get(kind, ()) if isinstance(known_names.kinds, Mapping) else ()
    for name in needs:
        if getattr(submission, name) is None:
            template = gettext_noop("the kind %(kind)s requires the section %(name)s")
            inside(top, "submission").wrong(None, template, kind=kind, name=name)


def _check_criteria(top: SpecSection, data: DataSpec, known_names: KnownNames) -> None:
    """Parameters that name a field or an image name one of this question."""
    inclusion = inside(top, "inclusion")
    for name in inclusion.names():
        takes = known_names.criteria.get(name) if isinstance(known_names.criteria, Mapping) else None
        place = inside(top, "inclusion", name)
        for param in place.names() if isinstance(takes, Mapping) else []:
            refers = takes.get(param, "") if isinstance(takes, Mapping) else ""
            there = {"field": data.fields, "image": data.images}.get(refers)
            value = place.plain(param)
            for word in [value] if isinstance(value, str) else list(value) if isinstance(value, list | dict) else []:
                if there is not None and word not in there:
                    template = gettext_noop("%(word)s is not a %(refers)s of this question")
                    place.wrong(place.at(param), template, word=word, refers=refers)

"""Sections about the frame: data, inclusion, grading, split, batches, phases, rules, target."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from concours.formats.fault import gettext_noop

from .mistakes import suggestion
from .nouns import (
    CONFLICTS,
    DELIVERY_FORMATS,
    PROFESSIONS,
    BatchSpec,
    ColumnSpec,
    CriterionSpec,
    DataSpec,
    DeidentificationSpec,
    DeliverSpec,
    DeriveSpec,
    FieldSpec,
    GradingSpec,
    ImageSpec,
    KnownNames,
    NeedSpec,
    PhaseSpec,
    PrizeSpec,
    RulesSpec,
    SplitSpec,
    TargetSpec,
    Words,
)
from .section import SpecSection

FIELD_TYPES = ("mask", "number", "integer", "category", "boolean", "date", "text", "table")
COLUMN_TYPES = ("number", "integer", "category", "boolean", "text", "date", "time")
MEASURES = ("surface", "volume", "diameter")
ACCEPTS = ("exams", "registrations", "submissions", "nothing")
GRADES = ("A", "B", "C", "D")


def read_data(section: SpecSection | None) -> DataSpec:
    """`data`: images, fields and what is delivered to teams."""
    if section is None:
        return DataSpec({}, {}, DeliverSpec("dicom", (), ()))
    images = section.each("images", _image)
    fields = section.each("fields", _field)
    deliver = section.section("deliver", needed=True)
    if deliver is None:
        delivered = DeliverSpec("dicom", (), ())
    else:
        delivered = DeliverSpec(
            deliver.text("format", choices=DELIVERY_FORMATS),
            deliver.texts("training", choices=fields),
            deliver.texts("evaluation", choices=fields),
            deliver.text("face", "keep", choices=("keep", "blank")),
        )
        deliver.close()
    patient = section.text("patient", "patient_id")
    if images and section.at("patient") is not None:
        section.wrong(
            section.at("patient"), gettext_noop("the images say whose they are; patient is for questions without")
        )
    if patient in fields:
        section.wrong(
            section.at("patient"), gettext_noop("the patient's column is no field: it never leaves the platform")
        )
    licence, citation = section.text("licence", ""), section.text("citation", "")
    section.close()
    return DataSpec(images, fields, delivered, patient, licence, citation)


def _image(name: str, section: SpecSection) -> ImageSpec:
    dimensions = section.integers("dimensions", (2, 3))
    if not set(dimensions) <= {2, 3}:
        section.wrong(section.at("dimensions"), gettext_noop("an image must have 2 or 3 dimensions"))
    return ImageSpec(
        name=name,
        modality=section.texts("modality", needed=True),
        dimensions=dimensions,
        required=section.boolean("required", True),
        title=section.words("title") or Words(name, name),
    )


def _field(name: str, section: SpecSection) -> FieldSpec:
    low, high = _bounds(section)
    return FieldSpec(
        name=name,
        type=section.text("type", choices=FIELD_TYPES),
        title=section.words("title") or Words(name, name),
        of=section.text("of", ""),
        values=section.integers("values"),
        labels=_labels(section),
        unit=section.text("unit", ""),
        min=low,
        max=high,
        allowed=section.texts("allowed"),
        measured_from=section.text("measured_from", ""),
        measure=section.text("measure", "", choices=("", *MEASURES)),
        derive=_derive(section),
        columns=section.each("columns", read_column),
        rows_min=section.integer("rows_min"),
        rows_max=section.integer("rows_max"),
        required=section.boolean("required", True),
    )


def _labels(section: SpecSection) -> Mapping[int, Words]:
    named = section.section("labels")
    labels: dict[int, Words] = {}
    for key in named.names() if named is not None else []:
        located = named.at(key) if named is not None else None
        if located is None:
            continue
        if not key.isascii() or not key.isdecimal():
            section.wrong(located, gettext_noop("a label must be an integer: {1: ...}"))
            continue
        labels[int(key)] = section.words_of(located) or Words(key, key)
    return labels


def _derive(section: SpecSection) -> DeriveSpec | None:
    derive = section.section("derive")
    if derive is None:
        return None
    derived = DeriveSpec(
        rule=derive.text("rule", choices=("any_row",)),
        of=derive.text("of"),
        over=derive.numbers("over"),
        inclusive=derive.boolean("inclusive", False),
    )
    derive.close()
    return derived


def _bounds(section: SpecSection) -> tuple[float | None, float | None]:
    low, high = section.number("min"), section.number("max")
    if low is not None and high is not None and low > high:
        section.wrong(section.at("min"), gettext_noop("min %(low)s is above max %(high)s"), low=low, high=high)
    return low, high


def read_column(name: str, section: SpecSection) -> ColumnSpec:
    """One column of a table."""
    low, high = _bounds(section)
    return ColumnSpec(
        name=name,
        type=section.text("type", choices=COLUMN_TYPES),
        min=low,
        max=high,
        allowed=section.texts("allowed"),
        unit=section.text("unit", ""),
        required=section.boolean("required", True),
    )


def known_params(
    section: SpecSection,
    name: str,
    params: Mapping[str, Any],
    takes_by_name: Collection[str] | Mapping[str, Collection[str] | None],
    faults: Callable[[str, Mapping[str, Any]], Iterable[str]] | None,
) -> None:
    """Note what is wrong with the parameters of a metric or criterion, as far as the caller knows what they take."""
    takes = takes_by_name.get(name) if isinstance(takes_by_name, Mapping) else None
    strange = [param for param in params if takes is not None and param not in takes]
    for param in strange:
        near = suggestion(param, takes or ())
        hint = f"did you mean {near}?" if near else f"it takes: {', '.join(sorted(takes or ())) or 'none'}"
        template = gettext_noop("%(name)s has no parameter %(param)s; %(hint)s")
        section.wrong(section.at(param), template, name=name, param=param, hint=hint)
    if faults is not None and name in takes_by_name and not strange:
        for fault in faults(name, params):
            section.wrong(None, gettext_noop("%(fault)s"), fault=fault)


def read_inclusion(section: SpecSection | None, known_names: KnownNames) -> tuple[CriterionSpec, ...]:
    """`inclusion`: one criterion a key, in the order of the file."""
    if section is None:
        return ()
    criteria: list[CriterionSpec] = []
    for name in section.names():
        located = section.at(name)
        if located is None:
            continue
        if name not in known_names.criteria:
            near = suggestion(name, known_names.criteria)
            hint = f"did you mean {near}?" if near else f"known: {', '.join(sorted(known_names.criteria))}"
            section.wrong(located, gettext_noop("there is no criterion %(name)s; %(hint)s"), name=name, hint=hint)
        params = SpecSection(located, section.mistakes)
        if params.is_unreadable:
            continue
        plain = {key: params.plain(key) for key in params.names()}
        known_params(params, name, plain, known_names.criteria, known_names.criterion_faults)
        criteria.append(CriterionSpec(name, plain))
    return tuple(criteria)


def read_deidentification(section: SpecSection | None) -> DeidentificationSpec:
    if section is None:
        return DeidentificationSpec()
    deidentification = DeidentificationSpec(
        section.texts("keep"), section.texts("text_steps", choices=("patterns", "words", "annotators"))
    )
    section.close()
    return deidentification


def read_grading(section: SpecSection | None) -> GradingSpec:
    if section is None:
        return GradingSpec()
    scale = section.texts("scale", GRADES, choices=GRADES)
    if list(scale) != sorted(scale) or len(scale) < 2:
        section.wrong(section.at("scale"), gettext_noop("a scale has at least two grades, from the best to the worst"))
    kept_grades = section.texts("kept", tuple(scale[:-1]), choices=scale)
    grading = GradingSpec(section.integer("readers", 1, high=50) or 0, scale, kept_grades)
    section.close()
    return grading


def read_split(section: SpecSection | None, fields: Collection[str]) -> SplitSpec:
    """`split`: patient-safe sets, by count or by share."""
    if section is None:
        return SplitSpec()
    counts, shares = _sets(section)
    names = [*counts, *shares]
    evaluation = section.texts("evaluation", choices=names)
    split = SplitSpec(
        seed=section.integer("seed", 0) or 0,
        stratify=section.texts("stratify", choices=["centre", "grade", *fields]),
        sets=counts,
        shares=shares,
        evaluation=evaluation,
        truth=section.texts("truth", evaluation, choices=names),
    )
    section.close()
    return split


def _sets(section: SpecSection) -> tuple[dict[str, int], dict[str, float]]:
    counts: dict[str, int] = {}
    shares: dict[str, float] = {}
    sets = section.section("sets", needed=True)
    for name in sets.names() if sets is not None else []:
        located = sets.at(name) if sets is not None else None
        if located is None:
            continue
        value = located.value
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            counts[name] = value
        elif isinstance(value, float) and 0 < value <= 1:
            shares[name] = value
        else:
            section.wrong(located, gettext_noop("a set is a number of exams (513), or a share of them (0.6, 1.0)"))
    if counts and shares:
        section.wrong(section.at("sets"), gettext_noop("sets must be either all numbers of exams or all shares"))
    if shares and abs(sum(shares.values()) - 1) > 1e-6:
        template = gettext_noop("the shares add up to %(total)s, not 1")
        section.wrong(section.at("sets"), template, total=round(sum(shares.values()), 6))
    return counts, shares


def read_batches(section: SpecSection, sets: Collection[str]) -> tuple[BatchSpec, ...]:
    """`batches`: what is released, and when."""
    batches: list[BatchSpec] = []
    for row in section.rows("batches"):
        name = row.name("name")
        if any(name == batch.name for batch in batches):
            row.wrong(row.at("name"), gettext_noop("two batches are named %(name)s"), name=name)
        of = row.text("set", choices=sets)
        moment = row.moment("released_at")
        row.close()
        if moment is not None:
            batches.append(BatchSpec(name, of, moment))
    return tuple(batches)


def read_phases(section: SpecSection, batches: Collection[str]) -> dict[str, PhaseSpec]:
    """`phases`: named windows; at most one decides."""
    phases: dict[str, PhaseSpec] = {}
    deciding = ""
    for name, row in section.sections("phases", needed=True):
        opens, closes = row.moment("opens"), row.moment("closes")
        decides = row.boolean("decides", False)
        batch = row.text("batch", "", choices=("", *batches))
        default = "submissions" if decides or batch else None
        accepts = row.text("accepts", default, choices=ACCEPTS)
        title = row.words("title")
        row.close()
        if decides and deciding:
            template = gettext_noop("only one phase can decide, and %(other)s already does")
            row.wrong(row.at("decides"), template, other=deciding)
        if decides and accepts not in ("submissions", ""):
            row.wrong(row.at("accepts"), gettext_noop("a deciding phase must accept submissions"))
        deciding = name if decides else deciding
        if opens is None or closes is None:
            continue
        if closes <= opens:
            row.wrong(row.at("closes"), gettext_noop("a phase must close after it opens"))
        phases[name] = PhaseSpec(name, opens, closes, accepts, batch, decides, title)
    return phases


def read_target(section: SpecSection | None) -> TargetSpec | None:
    if section is None:
        return None
    exams = section.integer("exams", low=1, needed=True)
    margin = section.number("margin", 0.0, low=0, high=1) or 0.0
    section.close()
    return TargetSpec(exams or 1, margin)


def read_rules(section: SpecSection | None) -> RulesSpec:
    """`rules`: who may be a team, what it declares, what it can win."""
    if section is None:
        return RulesSpec()
    team = section.section("team")
    declarations = [section.words_of(item) for item in section.items("declarations")]
    prizes = tuple(_prize(row) for row in section.rows("prizes"))
    rules = RulesSpec(declarations=tuple(words for words in declarations if words), prizes=prizes)
    if team is not None:
        rules = _team(team, rules)
    section.close()
    return rules


def _team(team: SpecSection, rules: RulesSpec) -> RulesSpec:
    low, high = team.integer("min", low=1, high=1000), team.integer("max", low=1, high=1000)
    if low is not None and high is not None and low > high:
        team.wrong(team.at("min"), gettext_noop("min %(low)s is above max %(high)s"), low=low, high=high)
    needs: list[NeedSpec] = []
    for row in team.rows("needs"):
        needs.append(
            NeedSpec(
                row.texts("any_of", choices=PROFESSIONS, needed=True), row.integer("count", 1, low=1, high=100) or 1
            )
        )
        row.close()
    read = RulesSpec(
        team_min=low,
        team_max=high,
        needs=tuple(needs),
        waivable=team.boolean("waivable", False),
        one_word_name=team.boolean("one_word_name", False),
        institution_email=team.boolean("institution_email", False),
        email_domains=tuple(domain.lower().lstrip("@") for domain in team.texts("email_domains")),
        conflicts=team.text("conflicts", "show", choices=CONFLICTS),
        changes_until=team.moment("changes_until", needed=False),
        declarations=rules.declarations,
        prizes=rules.prizes,
    )
    team.close()
    return read


def _prize(row: SpecSection) -> PrizeSpec:
    prize = PrizeSpec(row.text("place"), row.number("amount", 0.0, low=0) or 0.0, row.text("currency", "EUR"))
    row.close()
    return prize

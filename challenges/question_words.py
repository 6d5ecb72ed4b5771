"""What a question file asks, in words for the people who take part: criteria, formats, scores, ranking, limits, rules."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

import metrics
from challenges.forms import PROFESSIONS
from challenges.spec import ColumnSpec, CriterionSpec, MetricSpec, NeedSpec, QuestionSpec, RankingSpec
from core.words import say

CRITERIA: Mapping[str, tuple[str | Promise, str]] = {
    "body_part": (_("Body part"), ""),
    "clinical": (_("Clinical values"), ""),
    "contrast": (_("Contrast medium"), ""),
    "dimensions": (_("Dimensions of the image"), ""),
    "field_of_view": (_("Field of view"), "mm"),
    "files": (_("Files"), ""),
    "hounsfield": (_("Values in Hounsfield units"), ""),
    "kernel": (_("Reconstruction kernel"), ""),
    "mask": (_("Mask on the image's grid"), ""),
    "matrix": (_("Rows and columns"), ""),
    "modality": (_("Modality"), ""),
    "nodules": (_("Nodules in the exam"), ""),
    "noise": (_("Noise"), ""),
    "orientation": (_("Plane of the slices"), ""),
    "phase": (_("Phase after contrast"), ""),
    "pixels": (_("Neither blank nor saturated"), ""),
    "sequence": (_("MR sequence"), ""),
    "slice_count": (_("Number of slices"), ""),
    "slice_spacing": (_("Distance between slices"), "mm"),
    "slice_thickness": (_("Slice thickness"), "mm"),
}
VALUES: Mapping[str, str | Promise] = {
    "soft": _("soft"),
    "hard": _("hard"),
    "axial": _("axial"),
    "sagittal": _("sagittal"),
    "coronal": _("coronal"),
    "with": _("with"),
    "without": _("without"),
}
TYPES: Mapping[str, str | Promise] = {
    "number": _("number"),
    "integer": _("whole number"),
    "category": _("one of a list"),
    "boolean": _("yes or no, as 1 or 0"),
    "text": _("text"),
    "date": _("date"),
    "time": _("time"),
}


def criteria(spec: QuestionSpec) -> list[dict[str, str]]:
    """Every inclusion criterion as {title, asks}."""
    language = get_language() or "en"
    named = {name: field.title.says(language) for name, field in spec.data.fields.items()}
    named |= {name: image.title.says(language) for name, image in spec.data.images.items()}
    return [{"title": _title(one), "asks": _asks(one, named)} for one in spec.inclusion]


def _title(one: CriterionSpec) -> str:
    return str(CRITERIA.get(one.name, (one.name.replace("_", " ").capitalize(), ""))[0])


def _asks(one: CriterionSpec, named: Mapping[str, str]) -> str:
    """The parameters as a person says them; `named` holds the titles of fields and images."""
    unit = CRITERIA.get(one.name, ("", ""))[1]
    asked = dict(one.params)
    parts = [_range(asked.pop("min", None), asked.pop("max", None), asked.pop("below", None), unit)]
    of = asked.pop("of", None)
    if one.name == "dimensions" and "value" in asked:
        parts.append(f"{asked.pop('value')}D")
    for name in ("allowed", "value", "field", "fields", "images"):
        if name in asked:
            parts.append(_listed(asked.pop(name), named))
    parts += [f"{name.replace('_', ' ')}: {_listed(value, named)}" for name, value in asked.items()]
    if of:
        parts.append(gettext("for %(images)s") % {"images": _listed(of, named)})
    return "; ".join(part for part in parts if part)


def _listed(value: Any, named: Mapping[str, str] | None = None) -> str:
    titles = named or {}
    if isinstance(value, Mapping):
        return ", ".join(f"{titles.get(name, name)}: {_listed(one, titles)}" for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_listed(one, titles) for one in value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number(value)
    known = VALUES.get(str(value))
    return str(known) if known else titles.get(str(value), str(value).replace("_", " "))


def number(value: float) -> str:
    """A number as the reader writes it, without zeros that say nothing."""
    text = f"{value:.10g}"
    digits = len(text.partition(".")[2]) if "e" not in text else None
    return str(number_format(value, decimal_pos=digits, force_grouping=abs(value) >= 10_000))


def _range(low: float | None, high: float | None, below: float | None, unit: str) -> str:
    space = f" {unit}" if unit else ""
    values = {"low": low if low is None else number(low), "high": high if high is None else number(high)}
    if low is not None and low == high:
        return f"{values['low']}{space}"
    if low is not None and high is not None:
        return gettext("from %(low)s to %(high)s") % values + space
    if low is not None:
        return gettext("at least %(low)s") % values + space
    if high is not None:
        return gettext("at most %(high)s") % values + space
    if below is not None:
        return gettext("less than %(limit)s") % {"limit": number(below)} + space
    return ""


# --- what is sent -------------------------------------------------------------------------------------------------------


def submission(spec: QuestionSpec) -> list[str]:
    """What a team sends, one sentence a part."""
    asked, parts = spec.submission, []
    if asked.masks:
        parts.append(
            gettext("One mask a case, named %(files)s, as %(formats)s, on the image's own grid, in one zip archive.")
            % {"files": asked.masks.files, "formats": _one_of(asked.masks.formats)}
        )
    if asked.table:
        one = asked.table.rows == "one"
        parts.append(
            (
                gettext("A table %(name)s (%(formats)s) with one row a case; cases are named in the column %(id)s.")
                if one
                else gettext(
                    "A table %(name)s (%(formats)s) with any number of rows a case, named in the column %(id)s."
                )
            )
            % {"name": asked.table.name, "formats": _one_of(asked.table.formats), "id": asked.id_column}
        )
    if asked.runs:
        order = gettext("row by row") if asked.runs.order == "row" else gettext("column by column")
        parts.append(
            gettext(
                "A CSV table %(name)s with each mask as run lengths in the column %(column)s, counted %(order)s from %(base)s."
            )
            % {"name": asked.runs.name, "column": asked.runs.column, "order": order, "base": asked.runs.base}
        )
    if asked.generated:
        parts.append(
            gettext(
                "%(count)s generated cases (at least %(least)s), each with the images %(images)s in this order, as %(files)s."
            )
            % {
                "count": number(asked.generated.cases),
                "least": number(asked.generated.minimum),
                "images": ", ".join(asked.generated.images),
                "files": asked.generated.files,
            }
        )
    return parts


def _one_of(names: tuple[str, ...]) -> str:
    written = {"nifti": "NIfTI", "dicom": "DICOM", "png": "PNG", "npy": "NPY", "csv": "CSV", "xlsx": "Excel"}
    shown = [written.get(name, name) for name in names]
    if len(shown) < 2:
        return "".join(shown)
    return gettext("%(these)s or %(last)s") % {"these": ", ".join(shown[:-1]), "last": shown[-1]}


def columns(spec: QuestionSpec) -> list[dict[str, str]]:
    """The columns of the table as {name, type, range}, the cases' own first."""
    if spec.submission.table is None:
        return []
    first = {"name": spec.submission.id_column, "type": gettext("text"), "range": gettext("the id of a case, as it is")}
    return [first, *(_column(spec, name, one) for name, one in spec.submission.table.columns.items())]


def _column(spec: QuestionSpec, name: str, one: ColumnSpec) -> dict[str, str]:
    field = spec.data.fields.get(name)  # what the column is compared with
    unit = unit_words(one.unit or (field.unit if field is not None else ""))
    limits = ", ".join(one.allowed) or _range(one.min, one.max, None, unit)
    if not one.required:
        limits = "; ".join(part for part in (limits, gettext("may be left out")) if part)
    return {"name": name, "type": str(TYPES.get(one.type, one.type)), "range": limits}


def limits(spec: QuestionSpec) -> list[str]:
    """How much and how often."""
    found, said = spec.limits, []
    if found.per_day:
        said.append(
            ngettext("%(count)s submission a day", "%(count)s submissions a day", found.per_day)
            % {"count": found.per_day}
        )
    if found.per_phase:
        said.append(
            ngettext("%(count)s submission a phase", "%(count)s submissions a phase", found.per_phase)
            % {"count": found.per_phase}
        )
    said.append(gettext("at most %(size)s MB a submission") % {"size": number(found.bytes // 1_000_000)})
    return said


# --- how it is scored -----------------------------------------------------------------------------------------------------


def unit_words(unit: str) -> str:
    """mm2 as mm²."""
    return unit.replace("^2", "²").replace("^3", "³").replace("mm2", "mm²").replace("mm3", "mm³")


def column_words(column: ColumnSpec) -> str:
    """A column's name with its unit: `diameter (mm)`."""
    unit = unit_words(column.unit)
    return f"{column.name} ({unit})" if unit else column.name


def score_unit(spec: QuestionSpec, name: str, unit: str) -> str:
    """The unit of a score: where its metric takes that of the values, the field's own, as in (mm²)²."""
    declared = spec.metrics.get(name)
    field = spec.data.fields.get(declared.fields[0]) if declared is not None and declared.fields else None
    own = unit_words(field.unit) if field is not None else ""
    if own and unit == "square of the values' unit":
        return f"({own})²" if not own.isalpha() else f"{own}²"
    if own and unit == "unit of the values":
        return own
    return unit_words(say(unit))


def score_title(spec: QuestionSpec, name: str) -> str:
    """What a score of this question is called: by the question file, by its metric, or by its own name."""
    language = get_language() or "en"
    declared = spec.metrics.get(name)
    if declared is not None and declared.title is not None:
        return declared.title.says(language)
    if declared is not None and declared.metric in metrics.names():
        same = sum(one.metric == declared.metric for one in spec.metrics.values())
        if same == 1:
            return say(metrics.find(declared.metric).title)
    if spec.jury is not None and name == spec.jury.score:
        return gettext("Jury")
    return name.replace("_", " ").capitalize()


def scores(spec: QuestionSpec) -> list[dict[str, Any]]:
    """Every score with direction, unit, range and the policy where a score is not obvious."""
    rows = [_score(spec, name, one) for name, one in spec.metrics.items()]
    if spec.jury is not None:
        rows.append(
            {
                "name": spec.jury.score,
                "title": score_title(spec, spec.jury.score),
                "summary": gettext(
                    "Jurors mark %(cases)s cases a team without knowing whose they are; the mean over cases, then over jurors."
                )
                % {"cases": spec.jury.cases},
                "better": gettext("higher is better"),
                "range": _range(0, spec.jury.max, None, ""),
                "unit": "",
                "policies": [],
            }
        )
    return rows


def _score(spec: QuestionSpec, name: str, declared: MetricSpec) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "title": score_title(spec, name), "policies": [], "unit": "", "range": ""}
    if declared.metric not in metrics.names():
        row["summary"] = gettext("Computed outside the platform and entered by the organisers.")
        row["better"] = better(declared.direction)
        return row
    metric = metrics.find(declared.metric)
    policy = metric.policy
    row |= {
        "summary": say(metric.summary),
        "unit": score_unit(spec, name, metric.unit_with(declared.params)),
        "better": better(metric.direction),
        "range": _limits(metric.range_with(declared.params)),
        "over": gettext("%(how)s over the cases") % {"how": aggregate_words(declared.aggregate)}
        if declared.over == "cases"
        else gettext("over the whole set"),
        "parameters": [f"{key}: {_listed(value)}" for key, value in declared.params.items()],
        "goal": "" if declared.goal is None else number(declared.goal),
        "policies": [
            {"when": when, "what": say(what)}
            for when, what in (
                (gettext("Both masks empty"), policy.both_empty),
                (gettext("One mask empty"), policy.one_empty),
                (gettext("Only one class"), policy.one_class),
                (gettext("Missing or not finite"), policy.missing),
                (gettext("Undefined"), policy.undefined),
            )
            if what
        ],
    }
    return row


def _limits(limits: tuple[float, float]) -> str:
    low, high = limits
    if math.isinf(low) and math.isinf(high):
        return gettext("any number")
    if math.isinf(high):
        return _range(low, None, None, "")
    if math.isinf(low):
        return _range(None, high, None, "")
    return _range(low, high, None, "")


def aggregate_words(aggregate: str) -> str:
    return {
        "mean": pgettext("aggregate", "mean"),
        "median": pgettext("aggregate", "median"),
        "sum": pgettext("aggregate", "sum"),
        "min": pgettext("aggregate", "least"),
        "max": pgettext("aggregate", "greatest"),
    }.get(aggregate, aggregate)


def better(direction: str) -> str:
    return {"higher": gettext("higher is better"), "lower": gettext("lower is better")}.get(direction, "")


# --- how it is ranked -----------------------------------------------------------------------------------------------------


def ranking(spec: QuestionSpec, rule: RankingSpec | None = None) -> list[str]:
    """The rule, how ties are placed and the chain that breaks them, a sentence each."""
    rule = rule or spec.ranking
    titles = [_derived_title(spec, rule, name) for name in rule.by]
    said = [_rule(rule, titles)]
    said += [_derived(spec, rule, name) for name in rule.derived]
    if rule.tie_break:
        chain = [
            gettext("the earlier submission") if name == "submitted_at" else _derived_title(spec, rule, name)
            for name in rule.tie_break
        ]
        said.append(gettext("Between equals decides, in this order: %(chain)s.") % {"chain": "; ".join(chain)})
    said.append(
        {
            "min": gettext("Teams that stay equal share the better place, and the next place is left out (1, 1, 3)."),
            "max": gettext("Teams that stay equal share the worse place (2, 2, 3)."),
            "average": gettext("Teams that stay equal share the mean of their places (1.5, 1.5, 3)."),
            "dense": gettext("Teams that stay equal share a place, and the next place follows (1, 1, 2)."),
        }.get(rule.ties, "")
    )
    said.append(
        gettext("A team that entered and sent nothing in time is shown as N.S.; baselines are shown and not ranked.")
    )
    return [sentence for sentence in said if sentence]


def _rule(rule: RankingSpec, titles: list[str]) -> str:
    named = " + ".join(titles)
    if rule.rule == "best_score":
        return gettext("Teams are ranked by %(scores)s.") % {"scores": titles[0]}
    if rule.rule == "rank_sum":
        return gettext("Each team has a rank in every score; the sum of ranks decides, lowest first: %(scores)s.") % {
            "scores": named
        }
    if rule.rule == "rank_mean":
        return gettext("Each team has a rank in every score; the mean of ranks decides, lowest first: %(scores)s.") % {
            "scores": named
        }
    if rule.rule == "weighted":
        weighed = " + ".join(
            f"{number(rule.weights.get(name, 1))} × {title}" for name, title in zip(rule.by, titles, strict=True)
        )
        return gettext("Teams are ranked by a weighted sum: %(scores)s.") % {"scores": weighed}
    return gettext("Teams are ranked by the mean of these scores: %(scores)s.") % {"scores": ", ".join(titles)}


def _derived_title(spec: QuestionSpec, rule: RankingSpec, name: str) -> str:
    return name.replace("_", " ").capitalize() if name in rule.derived else score_title(spec, name)


def _derived(spec: QuestionSpec, rule: RankingSpec, name: str) -> str:
    one = rule.derived[name]
    of = [_derived_title(spec, rule, part) for part in one.of]
    how = {
        "one_minus_over_worst": f"1 - {of[0]} / max({of[0]})",
        "one_minus": f"1 - {of[0]}",
        "divide": f"{of[0]} / {number(one.by)}",
        "mean": gettext("mean of %(scores)s") % {"scores": ", ".join(of)},
    }.get(one.how, one.how)
    return f"{_derived_title(spec, rule, name)} = {how}."


# --- teams --------------------------------------------------------------------------------------------------------------


def professions(names: tuple[str, ...] | list[str]) -> str:
    shown = tuple(str(PROFESSIONS.get(name, name)) for name in names)
    return _one_of(shown)


def team_rules(spec: QuestionSpec) -> list[str]:
    """Who may form a team, in words."""
    rules, said = spec.rules, []
    if rules.team_min or rules.team_max:
        said.append(gettext("Size of the team: %(size)s.") % {"size": _range(rules.team_min, rules.team_max, None, "")})
    said += [_need(need) for need in rules.needs]
    if rules.one_word_name:
        said.append(gettext("The team's name is one word without blanks."))
    if rules.institution_email:
        said.append(gettext("Members register with the address of their institution."))
    if said and rules.waivable:
        said.append(gettext("An organiser can waive these rules, with a reason."))
    language = get_language() or "en"
    said += [words.says(language) for words in rules.declarations]
    return said


def _need(need: NeedSpec) -> str:
    return gettext("At least %(count)s: %(professions)s.") % {
        "count": need.count,
        "professions": professions(need.any_of),
    }

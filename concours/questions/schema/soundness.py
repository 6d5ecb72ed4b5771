"""What a question file may say key by key and still cannot run: checks across its sections."""

from __future__ import annotations

from collections.abc import Mapping

from concours.formats.fault import gettext_noop
from concours.formats.values import begins_like_formula

from .nouns import EMBEDDED_IMAGES, FieldNeeds, FieldSpec, KnownNames, LeaderboardSpec, PhaseSpec, QuestionSpec
from .rules import EXTERNAL
from .section import SpecSection


def check_soundness(top: SpecSection, spec: QuestionSpec, known_names: KnownNames) -> None:
    """Note every combination that would fail, or reveal the truth, once the challenge runs."""
    _check_scored_phases(top, spec)
    _check_public_part(top, spec)
    _check_step(top, spec)
    _check_reveal(top, spec.leaderboard, spec.phases)
    _check_generated(top, spec, known_names)
    _check_text_steps(top, spec)
    _check_allowed(top, spec)
    _check_fields_of_criteria(top, spec, known_names)


def _check_text_steps(top: SpecSection, spec: QuestionSpec) -> None:
    """Free text reaches teams only after the steps that the question names; without text no step acts."""
    place, steps = inside(top, "deidentification"), spec.deidentification.text_steps
    texts = {name for name, field in spec.data.fields.items() if field.type == "text" or _text_columns(field)}
    delivered = texts & {*spec.data.deliver.training, *spec.data.deliver.evaluation}
    for name in sorted(delivered) if not steps else ():
        template = gettext_noop(
            "%(name)s holds free text that teams receive; write deidentification: {text_steps: [patterns]}, and words, annotators"
        )
        inside(top, "data", "fields", name).wrong(None, template, name=name)
    if steps and not texts:
        place.wrong(place.at("text_steps"), gettext_noop("no field of this question is a text"))
    if steps and "patterns" not in steps:
        place.wrong(place.at("text_steps"), gettext_noop("patterns is always the first step; write it too"))


def _text_columns(field: FieldSpec) -> bool:
    return any(column.type == "text" for column in field.columns.values())


def _check_allowed(top: SpecSection, spec: QuestionSpec) -> None:
    """Teams receive and send values in tables, where a cell that begins like a formula is refused."""
    for name, field in spec.data.fields.items():
        for value in field.allowed:
            if begins_like_formula(value):
                place = inside(top, "data", "fields", name)
                template = gettext_noop("%(value)s begins like a formula of a spreadsheet; name the value in letters")
                place.wrong(place.at("allowed"), template, value=value)


def _check_fields_of_criteria(top: SpecSection, spec: QuestionSpec, known_names: KnownNames) -> None:
    """A criterion that cannot read its field would refuse every exam."""
    for criterion in spec.inclusion:
        for parameter, value in criterion.params.items():
            needs = known_names.fields_read.get((criterion.name, parameter))
            names = [value] if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else []
            for field in [spec.data.fields.get(name) for name in names]:
                if needs is not None and field is not None:
                    _check_field(inside(top, "inclusion", criterion.name), parameter, field, needs)


def _check_field(place: SpecSection, parameter: str, field: FieldSpec, needs: FieldNeeds) -> None:
    if needs.types and field.type not in needs.types:
        template = gettext_noop("%(name)s is of the type %(type)s; this criterion reads %(types)s")
        types = ", ".join(needs.types)
        place.wrong(place.at(parameter), template, name=field.name, type=field.type, types=types)
    missing = [column for column in needs.together if column not in field.columns]
    if field.type == "table" and missing and len(missing) < len(needs.together):
        template = gettext_noop("the table %(name)s lacks %(missing)s; declare %(columns)s together, or none of them")
        values = {"missing": ", ".join(missing), "columns": ", ".join(needs.together)}
        place.wrong(place.at(parameter), template, name=field.name, **values)


def inside(top: SpecSection, *keys: str) -> SpecSection:
    """The section at a path that was read before, to place an error there."""
    section = top
    for key in keys:
        located = section.at(key)
        if located is None:
            break
        section = SpecSection(located, top.mistakes)
    return section


def _check_scored_phases(top: SpecSection, spec: QuestionSpec) -> None:
    """Each phase with submissions has a truth to be scored against; without one its submissions wait for ever."""
    if spec.kind == EXTERNAL:
        return
    scored = {*spec.split.truth, *spec.split.evaluation}
    sets = {batch.name: batch.set for batch in spec.batches}
    for phase in spec.phases.values():
        place = inside(top, "phases", phase.name)
        if phase.accepts != "submissions":
            continue
        if phase.batch and phase.batch in sets and sets[phase.batch] not in scored:
            template = gettext_noop(
                "no truth is kept for the set of %(batch)s; name its set in split.evaluation or split.truth"
            )
            place.wrong(place.at("batch"), template, batch=phase.batch)
        elif not phase.batch and not set(sets.values()) & set(spec.split.truth):
            template = gettext_noop("submissions have nothing to be scored against; name the batch of this phase")
            place.wrong(None, template)


def _check_public_part(top: SpecSection, spec: QuestionSpec) -> None:
    """Each answer on public cases tells something of their labels: without a cap on answers it tells everything."""
    if spec.leaderboard.public_share > 0 and spec.limits.per_phase is None and spec.kind != EXTERNAL:
        place = inside(top, "leaderboard")
        template = gettext_noop(
            "scores on public cases reveal their labels one answer after the other; set limits.per_phase"
        )
        place.wrong(place.at("public_share"), template)


def _check_step(top: SpecSection, spec: QuestionSpec) -> None:
    """The step is of the score that leads the ranking, so that score is a metric of the cases."""
    step, place = spec.leaderboard.step, inside(top, "leaderboard")
    if step is None:
        return
    if step <= 0 or spec.leaderboard.public_share == 0:
        template = gettext_noop("step is above 0 and applies to the scores on public cases; set public_share as well")
        place.wrong(place.at("step"), template)
    leading = spec.metrics.get(spec.ranking.by[0]) if spec.ranking.by else None
    if leading is None or leading.over == "declared" or leading.metric == EXTERNAL:
        template = gettext_noop("step compares the first score of ranking.by, which must be a metric of the cases")
        place.wrong(place.at("step"), template)


def _check_reveal(top: SpecSection, leaderboard: LeaderboardSpec, phases: Mapping[str, PhaseSpec]) -> None:
    """Scores on hidden cases, shown while somebody can still answer, give these cases away."""
    if leaderboard.reveal_at is None:
        return
    place = inside(top, "leaderboard")
    if leaderboard.public_share == 0:
        template = gettext_noop("reveal_at shows the scores on private cases; with public_share 0 there are none")
        place.wrong(place.at("reveal_at"), template)
    for phase in phases.values():
        if phase.accepts == "submissions" and leaderboard.reveal_at < phase.closes:
            template = gettext_noop("the phase %(phase)s is still open then: it closes at %(closes)s")
            place.wrong(place.at("reveal_at"), template, phase=phase.name, closes=phase.closes.isoformat())


def _check_generated(top: SpecSection, spec: QuestionSpec, known_names: KnownNames) -> None:
    """Every network that embeds a case takes the same number of images."""
    generated = spec.submission.generated
    by = [name for name, metric in spec.metrics.items() if metric.metric in known_names.embedded]
    by += [spec.jury.score] if spec.jury is not None and spec.jury.select == "kmeans" else []
    if generated is not None and by and len(generated.images) != EMBEDDED_IMAGES:
        place = inside(top, "submission", "generated")
        template = gettext_noop(
            "%(scores)s: the network that embeds a case takes %(needed)s different images; this list has %(given)s"
        )
        images = len(generated.images)
        place.wrong(place.at("images"), template, scores=", ".join(by), needed=EMBEDDED_IMAGES, given=images)

"""Which fields an exam must have: decided once, shown in the upload form, checked at quality control."""

from __future__ import annotations

from concours.questions.schema import QuestionSpec


def required_fields(spec: QuestionSpec) -> tuple[str, ...]:
    """What scoring, the sets, delivery or a criterion uses, in the order of the file, unless the field says `required: false`.

    A field that is derived or measured is required through what it is made of: its table, or the mask it is measured on.
    """
    used = _used_fields(spec)
    required: set[str] = set()
    for name, field in spec.data.fields.items():
        if name not in used or not field.required:
            continue
        if field.derive is not None:
            required.add(field.derive.of)
        else:
            required.add(field.measured_from or name)
    return tuple(name for name in spec.data.fields if name in required)


def _used_fields(spec: QuestionSpec) -> set[str]:
    used = {name for metric in spec.metrics.values() for name in (*metric.fields, *metric.where)}
    used |= {part.field for part in (spec.submission.masks, spec.submission.runs) if part is not None}
    used |= {*spec.split.stratify, *spec.data.deliver.training, *spec.data.deliver.evaluation}
    for criterion in spec.inclusion:
        for value in criterion.params.values():
            used |= (
                {value}
                if isinstance(value, str)
                else set(map(str, value))
                if isinstance(value, list | tuple | dict)
                else set()
            )
    return used

"""What follows from a field: the fields that are derived from its table or measured on its mask."""

from __future__ import annotations

from concours.questions.schema import QuestionSpec


def with_dependents(spec: QuestionSpec, name: str) -> tuple[str, ...]:
    """The field and every field that changes with it, in the order of the file."""

    def follows(other: str) -> bool:
        field = spec.data.fields[other]
        return other == name or field.measured_from == name or (field.derive is not None and field.derive.of == name)

    return tuple(other for other in spec.data.fields if follows(other))

"""What can be wrong with a file somebody sent: one `Fault` per error, raised together as `FormatError`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MESSAGE_LIMIT = 280
VALUE_LIMIT = 60
FORMS = "\x1f"  # between the two forms of a template and the name of the value that chooses

_OF_SUBMISSIONS = """
    unreadable_file wrong_format missing_file missing_column missing_id missing_value duplicate_id duplicate_file
    extra_id extra_file non_numeric non_finite out_of_range wrong_shape wrong_channels geometry_mismatch non_binary_mask
    rle_malformed rle_overlap rle_out_of_bounds unsafe_archive unsafe_file too_large empty_submission one_class
    infected organiser_error late_submission quota_exceeded not_allowed"""
_OF_EXAMS = """
    not_dicom no_pixels unsupported_object unsupported_transfer_syntax burned_in_text residual_identifier
    criterion_not_met duplicate_exam incomplete_series corrupt_pixels consent_missing extra_column several_series
    centre_withdrawn not_processed contradiction"""
SUBMISSION_REASONS = frozenset(_OF_SUBMISSIONS.split())
EXAM_REASONS = frozenset(_OF_EXAMS.split())
REASONS = SUBMISSION_REASONS | EXAM_REASONS


def gettext_noop(text: str) -> str:
    """Mark `text` for the message catalogues without needing Django here; the site translates `Fault.template`."""
    return text


def plural_noop(singular: str, plural: str, number: str = "count") -> str:
    """A template with two forms, of which the value `number` chooses: "1 slice", "2 slices". Marked for the catalogues.

    It is one text, so that it crosses processes and lies in rows as every other template does; `forms_of` takes it apart.
    """
    return FORMS.join((singular, plural, number))


def forms_of(template: str) -> tuple[str, str, str] | None:
    """Singular, plural and the name of the deciding value; None for a template with one form."""
    parts = template.split(FORMS)
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else None


def how_many(values: Mapping[str, Any], number: str) -> int:
    """The whole number that decides the form; for a missing or broken one, the plural's."""
    try:
        count = float(values[number])
    except (KeyError, TypeError, ValueError):
        return 2
    return int(count) if count.is_integer() else 2


def english(template: str, values: Mapping[str, Any]) -> str:
    """The English form of a template for these values, its holes still open."""
    forms = forms_of(template)
    return template if forms is None else forms[0] if how_many(values, forms[2]) == 1 else forms[1]


def clip(value: object, limit: int = VALUE_LIMIT) -> str:
    """`value` as one printable line of at most `limit` characters, so that a hostile cell cannot flood a message."""
    text = str(value)[: limit * 4]
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


@dataclass(frozen=True)
class Fault:
    """One error: `reason` is a code of `REASONS`; `where` names file, row or id; `template` says what to do."""

    reason: str
    where: str
    template: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.reason not in REASONS:
            raise ValueError(f"'{self.reason}' is not a reason code")

    @property
    def message(self) -> str:
        """The English sentence, at most 280 characters."""
        return render(self.template, self.values)

    def to_json(self) -> dict[str, Any]:
        """`{"reason", "where", "message"}` as the commands print it, with the template and values for translation."""
        return {
            "reason": self.reason,
            "where": clip(self.where, 120),
            "message": self.message,
            "template": self.template,
            "values": {k: v if isinstance(v, int | float) else clip(v, 120) for k, v in self.values.items()},
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Fault":
        """Rebuild a fault that a child sent; anything that is not one raises `ValueError`."""
        values = document.get("values", {})
        if not isinstance(values, dict):
            raise ValueError("the values of a fault are not an object")
        return cls(
            str(document["reason"])[:40],
            clip(document["where"], 120),
            str(document["template"])[: 4 * MESSAGE_LIMIT],
            {str(k)[:40]: v if isinstance(v, int | float) else clip(v, 120) for k, v in list(values.items())[:20]},
        )


def render(template: str, values: Mapping[str, Any]) -> str:
    """Fill `template` (in any language) with clipped values; never raises and never exceeds 280 characters."""
    shown = {k: v if isinstance(v, int | float) else clip(v) for k, v in values.items()}
    try:
        text = english(template, values) % shown
    except (KeyError, TypeError, ValueError):
        text = english(template, values)
    return clip(text, MESSAGE_LIMIT)


class FormatError(Exception):
    """A file cannot be used; `faults` holds every error that was found, never none."""

    def __init__(self, faults: Fault | Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        if not self.faults:
            raise ValueError("a FormatError needs at least one fault")
        super().__init__("; ".join(f"{f.reason}: {f.message}" for f in self.faults[:5]))


def refuse(reason: str, where: str, template: str, /, **values: Any) -> FormatError:
    """A `FormatError` of one fault, to be raised: `raise refuse("too_large", name, gettext_noop("…"), size=n)`."""
    return FormatError(Fault(reason, where, template, values))

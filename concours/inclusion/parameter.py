"""How a criterion declares what a question file may say about it, and how such a file is checked against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

ParameterType = Literal["number", "integer", "text", "list", "mapping"]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a criterion.

    `type`: number, integer, text (one of `choices` where given), list (of text, each one of `choices` where given) or
    mapping (name to text, each value one of `choices` where given). `refers_to` is "field" or "image" when the text,
    the list's items or the mapping's keys must be names that the question's `data` declares. Such a field has one of the
    types `holds`, if there are any; a table has all of the columns `together`, or none of them.
    """

    name: str
    type: ParameterType
    help: str
    unit: str = ""
    default: Any = None
    required: bool = False
    choices: tuple[str, ...] = ()
    refers_to: Literal["", "field", "image"] = ""
    holds: tuple[str, ...] = ()
    together: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the declaration as a JSON-able dict."""
        return {
            "name": self.name,
            "type": self.type,
            "unit": self.unit,
            "default": self.default,
            "required": self.required,
            "choices": list(self.choices),
            "refers_to": self.refers_to,
            "holds": list(self.holds),
            "together": list(self.together),
            "help": self.help,
        }

    def faults_of(self, value: Any) -> list[str]:
        """Return in English what is wrong with `value`; empty when it fits."""
        if value is None:
            return [f"{self.name} has no value"] if self.required else []
        if self.type in ("number", "integer"):
            types: tuple[type, ...] = (int,) if self.type == "integer" else (int, float)
            fits = isinstance(value, types) and not isinstance(value, bool)
            return [] if fits else [f"{self.name} must be {_ARTICLE[self.type]}, not {value!r}"]
        if self.type == "text":
            texts: list[Any] = [value]
        elif self.type == "list" and isinstance(value, (list, tuple)):
            texts = list(value)
        elif self.type == "mapping" and isinstance(value, Mapping):
            texts = list(value.values())
        else:
            return [f"{self.name} must be {_ARTICLE[self.type]}, not {value!r}"]
        faults = [f"{self.name}: {text!r} is not a text" for text in texts if not isinstance(text, str)]
        if self.choices:
            choices = ", ".join(self.choices)
            faults += [
                f"{self.name}: {text!r} is none of {choices}"
                for text in texts
                if isinstance(text, str) and text not in self.choices
            ]
        return faults


_ARTICLE = {
    "number": "a number",
    "integer": "a whole number",
    "text": "a text",
    "list": "a list",
    "mapping": "a mapping",
}

OF = Parameter("of", "list", "the images it applies to; every image when left out", default=None, refers_to="image")


def parameter_faults(parameters: tuple[Parameter, ...], written: Mapping[str, Any]) -> list[str]:
    """Return in English every fault of `given` (a criterion's block in a question file); empty when sound."""
    declared = {parameter.name: parameter for parameter in parameters}
    faults = [
        f"{name} is no parameter; known are {', '.join(declared) or 'none'}" for name in written if name not in declared
    ]
    for parameter in parameters:
        if parameter.name in written:
            faults += parameter.faults_of(written[parameter.name])
        elif parameter.required:
            faults.append(f"{parameter.name} is missing")
    low, high = written.get("min"), written.get("max")
    numbers = (int, float)
    if isinstance(low, numbers) and isinstance(high, numbers) and low > high:
        faults.append(f"min {low} is larger than max {high}")
    return faults

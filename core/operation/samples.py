"""The text format of Prometheus, and what one figure of it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

PREFIX = "concours_"


@dataclass(frozen=True)
class Sample:
    """One value of a metric. Labels have codes only: stages, reasons, states; never a person, name or slug."""

    name: str  # without the prefix; counters end in _total
    help: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return "counter" if self.name.endswith("_total") else "gauge"


def exposition(samples: Iterable[Sample]) -> str:
    """Samples of one name together, under their help and type, as the format asks."""
    by_name: dict[str, list[Sample]] = {}
    for sample in samples:
        by_name.setdefault(sample.name, []).append(sample)
    return "".join(f"{line}\n" for group in by_name.values() for line in _lines(group))


def _lines(group: list[Sample]) -> Iterator[str]:
    first = group[0]
    yield f"# HELP {PREFIX}{first.name} {first.help}"
    yield f"# TYPE {PREFIX}{first.name} {first.kind}"
    for sample in group:
        labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(sample.labels.items()))
        yield f"{PREFIX}{sample.name}{'{' + labels + '}' if labels else ''} {float(sample.value):.9g}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

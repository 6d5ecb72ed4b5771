"""Tables that teams receive have the declared columns, whatever the values are: a program that reads one reads the next."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.cases import Written, scalars_csv
from concours.evaluation.truth import load_truth
from concours.known_names import known_names
from concours.questions.schema import QuestionSpec, load_spec
from tests.factories.questions import catalogue_text

QUESTIONS = ("lung-tumour", "ms-edss", "prognosis", "reports", "nodules", "sarcopenia", "covid")
SPECS = {slug: load_spec(catalogue_text(slug), known_names()) for slug in QUESTIONS}


def scalars_of(spec: QuestionSpec, names: tuple[str, ...]) -> list[str]:
    files = ("mask", "table", "text") if spec.data.deliver.format == "text" else ("mask", "table")
    return [name for name in names if spec.data.fields[name].type not in files]


@given(
    slug=st.sampled_from(QUESTIONS),
    evaluation=st.booleans(),
    blank=st.lists(st.booleans(), min_size=3, max_size=3),
    data=st.data(),
)
def test_columns_are_the_declared_ones_whatever_the_values(
    slug: str, evaluation: bool, blank: list[bool], data: Any
) -> None:
    spec = SPECS[slug]
    deliver = spec.data.deliver
    names = deliver.evaluation if evaluation else deliver.training
    cases = [
        Written(
            f"case{n}", "", [], {name: None if empty or data.draw(st.booleans()) else 1 for name in names}, [], 0.0, ""
        )
        for n, empty in enumerate(blank)
    ]
    head = next(csv.reader(io.StringIO(scalars_csv(cases, spec, names, form=deliver.format))))
    assert head == [spec.submission.id_column, *scalars_of(spec, names)]


@pytest.mark.parametrize("cell", ["", "1"])
def test_an_empty_column_of_a_derived_field_is_derived(cell: str, tmp_path: Path) -> None:
    """A team scores itself on what it received: the column is there, and the rows from which it is worked out too."""
    spec = SPECS["nodules"]
    derived = [name for name, field in spec.data.fields.items() if field.derive is not None]
    assert derived
    (tmp_path / "truth.csv").write_text(f"{spec.submission.id_column},{derived[0]}\na,{cell}\nb,\n" if not cell else
                                        f"{spec.submission.id_column},{derived[0]}\na,1\nb,0\n")  # fmt: skip
    source = spec.data.fields[derived[0]].derive
    assert source is not None
    columns = spec.data.fields[source.of].columns
    (tmp_path / source.of).mkdir()
    for case, large in (("a", True), ("b", False)):
        row = ",".join("500" if large and name in ("volume", "diameter") else "1" for name in columns)
        (tmp_path / source.of / f"{case}.csv").write_text(f"{','.join(columns)}\n{row}\n")
    loaded = load_truth(spec, tmp_path)
    assert loaded.values[derived[0]] == {"a": 1.0, "b": 0.0}

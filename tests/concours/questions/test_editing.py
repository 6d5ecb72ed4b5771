"""A question file changed in place: what is asked is written, all else stays byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concours.questions.editing import REMOVE, Change, changed_file, plain_values, value_at
from concours.questions.schema import SpecError

FILES = sorted(Path("concours/questions/catalogue").glob("*.yaml")) + sorted(
    Path("concours/questions/starts").glob("*.yaml")
)
PLAIN = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=30),
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(float),
    st.booleans(),
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_value_written_again_changes_no_byte(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    values = plain_values(text)
    assert changed_file(text, [Change((key,), value) for key, value in values.items()]) == text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_one_change_touches_one_line_and_no_comment(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    changed = changed_file(text, [Change(("split", "seed"), 4711)])
    assert value_at(plain_values(changed), ("split", "seed")) == 4711
    differing = [pair for pair in zip(text.splitlines(), changed.splitlines(), strict=True) if pair[0] != pair[1]]
    assert len(differing) <= 1
    assert changed.count("#") == text.count("#")


@given(value=PLAIN)
def test_any_value_comes_back_as_it_was(value: object) -> None:
    text = "concours: 1\ntitle: {en: A, fr: B} # kept\nsplit: {sets: {a: 1}}\n"
    for path in (("title", "en"), ("note",), ("split", "sets", "b"), ("split", "more", "deep")):
        assert value_at(plain_values(changed_file(text, [Change(path, value)])), path) == value


def test_rows_of_lists_are_changed_added_and_taken_away() -> None:
    text = "batches:\n  - {name: a, set: x} # first\n  - {name: b, set: y}\n"
    changed = changed_file(
        text,
        [
            Change(("batches", 0, "set"), "z"),
            Change(("batches", 2), {"name": "c", "set": "z"}),
            Change(("batches", 1), REMOVE),
            Change(("prizes", 0), {"place": 1}),
        ],
    )
    assert plain_values(changed) == {
        "batches": [{"name": "a", "set": "z"}, {"name": "c", "set": "z"}],
        "prizes": [{"place": 1}],
    }
    assert "# first" in changed


@pytest.mark.parametrize("text", ["", "a: [", "a: 1\na: 2\n", "a: &x 1\nb: *x\n", "a: !!python/object:os.system x\n"])
def test_what_is_no_question_file_is_a_mistake_with_a_line(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        changed_file(text, [Change(("a",), 3)])
    assert caught.value.mistakes[0].line >= 1

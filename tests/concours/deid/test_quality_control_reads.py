"""What quality control looks for in descriptions and kernels passes the cleaners: pattern by pattern of its own tables."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]

import pytest

from concours.deid.known import IdentifierMatcher
from concours.deid.text import clean_code, clean_description, clean_technical
from concours.inclusion import body_part, contrast, phase
from concours.inclusion.exam import kernels, sequence

NOBODY = IdentifierMatcher()
PATTERNS = {
    **{name: value for name, value in vars(sequence).items() if name.startswith("SAYS_")},
    **{name: value for name, value in vars(contrast).items() if name.startswith("SAYS_")},
    **{f"phase {name}": value for name, value in phase.PATTERNS.items()},
    "UNMISTAKABLE": kernels.UNMISTAKABLE,
}
MODALITY = {"SAYS_T1": "MR"}
BETWEEN = ("", " ", "-", "_")
"""What an optional sign of a pattern stands for."""


def examples(pattern: str) -> Iterator[str]:
    """Texts that a pattern finds: every alternative, every optional sign left out, written as a blank, hyphen or underscore."""
    yield from _texts(parser.parse(pattern))


def _texts(parsed) -> Iterator[str]:
    yield from map("".join, itertools.product(*(list(_of(code, argument)) for code, argument in parsed)))


def _of(code, argument) -> Iterator[str]:
    if code is op.LITERAL:
        yield chr(argument)
    elif code is op.IN:
        for kind, value in argument[:2]:
            yield " " if kind is op.CATEGORY else chr(value[1] if kind is op.RANGE else value)
    elif code is op.BRANCH:
        for branch in argument[1]:
            yield from _texts(branch)
    elif code is op.SUBPATTERN:
        yield from _texts(argument[3])
    elif code in (op.MAX_REPEAT, op.MIN_REPEAT):
        low, high, inner = argument
        if any(inner_code is op.ANY for inner_code, _ in inner):
            yield from BETWEEN if low == 0 else (" " * low,)
        else:
            yield "" if low == 0 else next(_texts(inner)) * low
            if low == 0 and high == 1:
                yield from _texts(inner)
    elif code is op.ANY:
        yield " "
    elif code in (op.ASSERT, op.ASSERT_NOT, op.AT):
        yield ""
    else:
        raise NotImplementedError(code)


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("write", [str.upper, str.lower])
@pytest.mark.parametrize("text", ["{}", "AX {} 3", "t1_{}_sag", "Abdomen {}"])
def test_what_a_criterion_searches_stays_in_a_description(name: str, text: str, write) -> None:
    pattern = PATTERNS[name]
    written = [text.format(write(example)) for example in examples(pattern.pattern)]
    result = [entry for entry in written if pattern.search(entry.upper())]
    assert result
    lost = [
        entry
        for entry in result
        if not pattern.search(clean_description(entry, NOBODY, MODALITY.get(name, "")).upper())
    ]
    assert not lost


@pytest.mark.parametrize("row", kernels.rows(), ids=lambda row: f"{row.vendor} {row.pattern[:20]}")
@pytest.mark.parametrize("write", [str.upper, str.lower])
def test_every_kernel_of_the_table_stays(row, write) -> None:
    for example in examples(row.pattern):
        assert clean_technical(write(example), NOBODY) == write(example)
        assert clean_code(example.upper(), NOBODY) == example.upper()
        assert re.fullmatch(
            row.pattern, clean_description(f"Thorax 1.0 {example}", NOBODY).upper().removeprefix("THORAX 1.0 ")
        )


@pytest.mark.parametrize(
    "spelling", sorted({entry for group in body_part.SPELLINGS.values() for entry in group} | set(body_part.WIDE))
)
def test_every_spelling_of_a_part_of_the_body_stays(spelling: str) -> None:
    assert clean_code(spelling, NOBODY) == spelling
    assert clean_description(spelling.lower(), NOBODY) == spelling.lower()


@pytest.mark.parametrize(
    "name",
    [
        "*spcir_242ns",
        "*tfl3d1_16ns",
        "*epfid2d1_64",
        "*tse2d1_15",
        "*fl3d1_ns",
        "spc",
        "tseB",
        "FSEIR",
        "efgre3d",
        "TFE",
        "T1FFE",
        "*qtse2d1",
    ],
)
def test_names_of_pulse_sequences_stay(name: str) -> None:
    assert clean_technical(name, NOBODY) == name

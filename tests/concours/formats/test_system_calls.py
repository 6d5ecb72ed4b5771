"""The numbers of system calls are the kernel's own, and every call that is refused is refused on every machine that has it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from concours.formats.system_calls import AUDIT_ARCHITECTURE, DENIED, INSPECTED, NUMBERS

HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
ABSENT = {"x86_64": set[str](), "aarch64": {"fork", "vfork"}}  # there clone does their work


@pytest.mark.parametrize("machine", sorted(HEADERS))
def test_numbers_are_those_of_the_kernels_headers(machine: str) -> None:
    if not HEADERS[machine].is_file():
        pytest.skip("linux-libc-dev is not installed")
    match = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", HEADERS[machine].read_text())
    kernel = {name: int(number) for name, number in match}
    assert NUMBERS[machine] == {name: kernel[name] for name in NUMBERS[machine]}
    assert {name for name in DENIED if name not in kernel} == ABSENT[machine]


def test_every_machine_knows_every_call() -> None:
    assert set(NUMBERS) == set(AUDIT_ARCHITECTURE) == set(HEADERS)
    for machine, numbers in NUMBERS.items():
        assert set(numbers) | ABSENT[machine] == {*DENIED, *INSPECTED}
        assert len(set(numbers.values())) == len(numbers)

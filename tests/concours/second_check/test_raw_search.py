"""The fast search in bytes finds what one plain search for every needle finds."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from concours.second_check.known import SearchedIdentifiers
from concours.second_check.raw_search import _stands_alone, search_bytes

KNOWN = SearchedIdentifiers(["Martinot^Élodie", "IPP0770042", "1957-03-09", "12 rue Inventée"])
NEEDLES = KNOWN.byte_needles(4)


def plainly(buffer: bytes) -> set[int]:
    small, result = buffer.lower(), set()
    for needle in NEEDLES:
        for position in range(len(small)):
            if small.startswith(needle, position) and _stands_alone(small, position, needle):
                result.add(position)
    return result


pieces = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(NEEDLES),
    st.sampled_from(NEEDLES).map(bytes.upper),
    st.sampled_from(NEEDLES).map(lambda needle: needle[:-1]),
    st.sampled_from([b"a", b"7", b" ", b"\x00", b"."]),
)


@given(st.lists(pieces, max_size=12).map(b"".join))
@example(NEEDLES[0])
@example(b"xmartinot")
@settings(max_examples=200, deadline=None)
def test_as_a_plain_search(buffer: bytes) -> None:
    assert set(search_bytes(buffer, KNOWN)) == plainly(buffer)


def test_a_name_across_two_chunks_of_a_large_buffer() -> None:
    buffer = bytearray((1 << 24) + 100)
    buffer[(1 << 24) - 3 : (1 << 24) + 5] = b"martinot"
    assert set(search_bytes(bytes(buffer), KNOWN)) == {(1 << 24) - 3}

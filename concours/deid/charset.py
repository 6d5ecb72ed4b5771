"""Text of DICOM elements to and from str, by Specific Character Set (PS3.5 6.1), forgiving where files lie about it."""

import warnings
from collections.abc import Callable

CODECS = {
    "": "ascii",
    "ISO_IR 6": "ascii",
    "ISO_IR 13": "shift_jis",
    "ISO_IR 100": "latin_1",
    "ISO_IR 101": "iso8859_2",
    "ISO_IR 109": "iso8859_3",
    "ISO_IR 110": "iso8859_4",
    "ISO_IR 126": "iso8859_7",
    "ISO_IR 127": "iso8859_6",
    "ISO_IR 138": "iso8859_8",
    "ISO_IR 144": "iso8859_5",
    "ISO_IR 148": "iso8859_9",
    "ISO_IR 166": "iso8859_11",
    "ISO_IR 192": "utf_8",
    "ISO_IR 203": "iso8859_15",
    "GB18030": "gb18030",
    "GBK": "gbk",
}
ISO_2022 = frozenset(
    f"ISO 2022 IR {number}"
    for number in (6, 13, 58, 87, 100, 101, 109, 110, 126, 127, 138, 144, 148, 149, 159, 166, 203)
)


def terms(value: bytes) -> list[str]:
    """The defined terms of a Specific Character Set value."""
    return [term.strip() for term in value.decode("ascii", "replace").strip("\0 ").split("\\")]


def is_known(value: bytes) -> bool:
    """Whether every term is one of the standard's, so that the element may stay."""
    return all(term in CODECS or term in ISO_2022 for term in terms(value))


def decoder(value: bytes) -> Callable[[bytes], str]:
    """A function from bytes to text for this character set. It never raises: what cannot be read becomes U+FFFD or Latin-1."""
    declared = terms(value)
    codec = CODECS.get(declared[0]) if len(declared) == 1 else None

    def decode(data: bytes) -> str:
        if data.isascii() and b"\x1b" not in data:
            return data.decode("ascii")
        if codec == "ascii":
            return _utf8_or_latin1(data)
        return data.decode(codec, "replace") if codec else _code_extensions(data, declared)

    return decode


def encoder(value: bytes) -> Callable[[str], bytes]:
    """A function from text to bytes; characters that the set does not have are left out."""
    declared = terms(value)
    codec = CODECS.get(declared[0], "ascii") if len(declared) == 1 else "ascii"
    return lambda text: text.encode(codec, "ignore")


def _utf8_or_latin1(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin_1")


def _code_extensions(data: bytes, declared: list[str]) -> str:
    """ISO 2022 escape sequences, which only pydicom knows; imported when met, because it is large."""
    from pydicom.charset import convert_encodings, decode_bytes

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return decode_bytes(data, convert_encodings(declared), {0x5C, 0x5E, 0x3D})
        except (LookupError, ValueError):
            return data.decode("latin_1")

"""What one element of a DICOM file may not be: identifying by its tag, by its text, by hiding text, or by being there at
all.
"""

import re
from collections.abc import Iterator

from concours.second_check import tags
from concours.second_check.dicom_tokens import DicomFile, LeafElement
from concours.second_check.known import SearchedIdentifiers
from concours.second_check.person_words import listed_in, name_in
from concours.second_check.text_rules import kind_in_prose

# Attributes whose very value names somebody. Own list, drawn from the modules of PS3.3 and not from the de-identification
# profile.
_IDENTIFYING = frozenset(
    int(tag, 16)
    for tag in [
        "00080050", "00080080", "00080081", "00080090", "00080092", "00080094", "0008009C", "00081010", "00081040",
        "00081048", "00081050", "00081060", "00081070", "00080116", "00100010", "00100021", "00100030", "00100032",
        "00101000", "00101001", "00101005", "00101040", "00101050", "00101060", "00101090", "00102152", "00102154",
        "00102155", "001021F0", "00102297", "00102299", "00104000", "00181000", "00181002", "00181004", "00181005",
        "00181007", "00181008", "00200010", "0032000A", "00321032", "00321033", "00380010", "00380014", "00380060",
        "00380062", "00380300", "00380400", "00380500", "00384000", "00400006", "00400010", "00400242", "00400243",
        "00400253", "00401001", "00401010", "00402008", "00402009", "00402010", "00402016", "00402017", "0040A027",
        "0040A075", "0040A123", "0040A124", "00420010", "00700084", "00880130", "00880140", "04000402", "04000403",
        "04000404", "04000561", "300A00B2", "300E0008", "40080042", "40080102", "4008010A", "4008010C", "40080114",
        "40080119", "4008011A", "40080202",
    ]
)  # fmt: skip
_FREE_TEXT = frozenset({"LO", "SH", "ST", "LT", "UT", "UC", "PN", "UR", "AE"})
_WORDED = frozenset({"LO", "SH", "ST", "LT", "UT", "UC"})
_NUMBERS = frozenset({"US", "SS", "UL", "SL", "FL", "FD", "AT", "OF", "OD", "OL", "OV", "SV", "UV", "OW", "fragments"})
# A version is no date and a code's meaning is a term.
_VERSIONS = frozenset(
    {
        tags.CodingSchemeVersion,
        tags.ContextGroupVersion,
        tags.ContextGroupLocalVersion,
        tags.ImplementationVersionName,
        tags.ContextIdentifier,
        tags.MappingResource,
    }
)
_NEUTRAL = re.compile(
    r"(?i)^[\s^=]*$|^(?:anon\w*|de-?identified|removed|unknown|none|no[ _]?value|dummy|redacted|not[ _]?available"
    r"|n/?a|other|value|0+|x+)[\s^]*$"
)
_PSEUDONYM = re.compile(r"^(?:[A-Z0-9]{1,8}[-_])?[A-Z2-7]{13,64}$|^[0-9a-f]{16,64}$|^2\.25\.\d+$")
_STANDARD_GROUPS = frozenset(
    int(group, 16)
    for group in [
        "0002", "0008", "0010", "0012", "0014", "0016", "0018", "0020", "0022", "0024", "0028", "0032", "0034",
        "0038", "003A", "0040", "0042", "0044", "0046", "0048", "0050", "0052", "0054", "0056", "0060", "0062",
        "0064", "0066", "0068", "006A", "0070", "0072", "0074", "0076", "0078", "0080", "0082", "0088", "0100",
        "0400", "2000", "2010", "2020", "2030", "2040", "2050", "2100", "2110", "2120", "2130", "2200", "3002",
        "3004", "3006", "3008", "300A", "300C", "300E", "3010", "4000", "4008", "4010", "4FFE", "5200", "5400",
        "5600", "7FE0", "FFFA", "FFFC", "FFFE",
    ]
)  # fmt: skip
_CODECS = {
    "": "latin-1", "ISO_IR 6": "ascii", "ISO_IR 100": "latin-1", "ISO_IR 101": "iso8859-2", "ISO_IR 109": "iso8859-3",
    "ISO_IR 110": "iso8859-4", "ISO_IR 144": "iso8859-5", "ISO_IR 127": "iso8859-6", "ISO_IR 126": "iso8859-7",
    "ISO_IR 138": "iso8859-8", "ISO_IR 148": "iso8859-9", "ISO_IR 203": "iso8859-15", "ISO_IR 13": "shift_jis",
    "ISO_IR 166": "tis_620", "ISO_IR 192": "utf-8", "GB18030": "gb18030", "GBK": "gbk", "ISO 2022 IR 87": "iso2022_jp",
    "ISO 2022 IR 159": "iso2022_jp_2", "ISO 2022 IR 149": "euc_kr", "ISO 2022 IR 58": "gb2312",
    "ISO 2022 IR 13": "shift_jis", "ISO 2022 IR 100": "latin-1", "ISO 2022 IR 144": "iso8859-5",
}  # fmt: skip
_BIRTH_DATES = frozenset(
    {
        tags.PatientBirthDate,
        tags.PatientBirthDateInAlternativeCalendar,
        tags.PatientDeathDateInAlternativeCalendar,
        tags.DateTime,
        tags.Date,
    }
)  # and dates that a report states
_ONLY_A_DATE = re.compile(rb"^(?:18|19|20|21)\d{6}(?:\d{2,6}(?:\.\d+)?(?:[+-]\d{4})?)?$")
_YEARS_OF_STUDIES = 15
_REMEMBERED, _MOST_REMEMBERED = 256, 20_000  # bytes of one value, values of one person
_HEAD = 4096  # bytes of a binary value that are looked at as text


def judge_elements(parsed: DicomFile, identifiers: SearchedIdentifiers) -> Iterator[tuple[str, str]]:
    """(where, kind) for every element of one file that should not be there or not say what it says."""
    if parsed.preamble.strip(b"\x00") and parsed.preamble[:4] not in (b"II*\x00", b"MM\x00*"):
        yield "preamble", "bytes in the preamble"
    codecs = character_sets(parsed)
    for token in parsed.tokens:
        kind = _judged(token, codecs, identifiers)
        if kind is not None:
            yield token.path, kind


def _judged(token: LeafElement, codecs: list[str], identifiers: SearchedIdentifiers) -> str | None:
    """The first kind of finding in one element. Most elements say the same in every slice of a series: remembered."""
    if len(token.value) > _REMEMBERED:
        return next(_judge(token, codecs, identifiers), None)
    key = (token.tag, token.vr, bytes(token.value), *codecs)
    if key not in identifiers.judged:
        if len(identifiers.judged) >= _MOST_REMEMBERED:
            identifiers.judged.clear()
        identifiers.judged[key] = next(_judge(token, codecs, identifiers), None)
    return identifiers.judged[key]


def character_sets(parsed: DicomFile) -> list[str]:
    """Python codecs of every character set that the file names, then UTF-8 and Latin 1, because headers lie."""
    named = [
        _CODECS.get(term.strip(), "latin-1")
        for token in parsed.tokens
        if token.tag == tags.SpecificCharacterSet
        for term in bytes(token.value).decode("ascii", "replace").strip("\x00 ").split("\\")
    ]
    return list(dict.fromkeys([*named, "utf-8", "latin-1"]))


def readings(value: bytes, codecs: list[str]) -> list[str]:
    """The value as text in every plausible character set."""
    decoded = []
    for codec in codecs:
        try:
            decoded.append(value.decode(codec))
        except UnicodeDecodeError:
            continue
    return list(dict.fromkeys(decoded))


def _judge(token: LeafElement, codecs: list[str], identifiers: SearchedIdentifiers) -> Iterator[str]:
    group, tag, vr = token.tag >> 16, token.tag, token.vr
    if tag == tags.PixelData or (0x60000000 <= tag <= 0x60FFFFFF and tag & 0xFFFF == 0x3000):
        return  # pictures are looked at as pictures
    if tag == 0:
        if bytes(token.value).strip(b"\x00 "):
            yield "bytes outside any element"
        return
    if tag == tags.DataSetTrailingPadding and bytes(token.value).strip(b"\x00"):
        yield "bytes in the padding"
    if group == 0xFFFA:
        yield "digital signature"
    if (
        not group & 1
        and group not in _STANDARD_GROUPS
        and not 0x5000 <= group <= 0x50FF
        and not 0x6000 <= group <= 0x60FF
    ):
        yield "unknown group"
    if 0x5000 <= group <= 0x50FF and not group & 1 and token.tag & 0xFFFF == 0x3000:
        yield "curve data"
    if tag in (
        tags.SourceApplicationEntityTitle,
        tags.SendingApplicationEntityTitle,
        tags.ReceivingApplicationEntityTitle,
        tags.PrivateInformationCreatorUID,
        tags.PrivateInformation,
    ) and bytes(token.value).strip(b"\x00 "):
        yield "source in the file meta"
    if tag == tags.EncapsulatedDocument and bytes(token.value[:_HEAD]).strip(b"\x00 "):
        yield "encapsulated document"
    if vr in _NUMBERS and not group & 1:
        return
    yield from _judge_text(token, bytes(token.value[:_HEAD]), codecs, identifiers)


def _judge_text(token: LeafElement, value: bytes, codecs: list[str], identifiers: SearchedIdentifiers) -> Iterator[str]:
    tag, vr = token.tag, token.vr
    text_like = _printable(value)
    if b"\x00" in value.rstrip(b"\x00 ") and vr not in ("OB", "OW", "UN") and text_like and not token.tag >> 16 & 1:
        yield "text after the end of a value"
    for text in readings(value.rstrip(b"\x00 "), codecs) if text_like else _strings_in(value):
        stripped = text.strip(" \x00")
        if not stripped:
            continue
        kind = identifiers.kind_in(text, code_string=vr == "CS") if identifiers else None
        if kind == "known date" and is_only_a_date(token) and _long_before(stripped, identifiers):
            kind = None
        if kind and not (vr in ("DS", "IS", "TM") and kind != "known number"):
            yield kind
        if tag in _IDENTIFYING and not is_neutral(stripped, tag):
            yield "identifying attribute"
        if vr == "PN" and not is_neutral(stripped, tag):
            yield "name of a person"
        if text_like and _is_prose(stripped, tag, vr):
            if prose := kind_in_prose(stripped):
                yield prose
            elif vr in _WORDED and tag not in _VERSIONS and (name := name_in(stripped)):
                yield name
        if vr == "CS" and listed_in(stripped):
            yield "listed name"


def is_only_a_date(token: LeafElement) -> bool:
    """True when the whole value is one date or date and time, in an element that is not a date of birth."""
    return token.tag not in _BIRTH_DATES and bool(_ONLY_A_DATE.match(bytes(token.value[:32]).rstrip(b"\x00 ")))


def _long_before(text: str, identifiers: SearchedIdentifiers) -> bool:
    """A date element of a study holds no birth date: one many years before the newest known date is a shifted date that
    equals somebody's birthday by chance, which happens once in a few hundred patients."""
    return int(text[:4]) < identifiers.newest_year - _YEARS_OF_STUDIES


def is_neutral(text: str, tag: int) -> bool:
    """Nothing, a word that stands for nothing, or a pseudonym by its form."""
    if tag in (tags.PatientBirthDate, tags.PatientBirthTime):
        return not text.strip()
    return all(_NEUTRAL.match(part) or _PSEUDONYM.match(part) for part in re.split(r"[\\^= ]", text) if part)


def _is_prose(text: str, tag: int, vr: str) -> bool:
    if tag in _VERSIONS or not (vr in _FREE_TEXT or vr in ("", "UN", "OB")):
        return False
    if _PSEUDONYM.match(text) or (
        re.fullmatch(r"[\d.\\+\-Ee ]+", text) and not re.search(r"\d[-/.]\d+[-/.]\d{4}", text)
    ):
        return False
    return vr in _FREE_TEXT or any(c.isalpha() for c in text) or bool(re.search(r"\d[-/ ]\d", text))


def _printable(value: bytes) -> bool:
    """Text in some character set: hardly any control bytes save those that text uses (tab, line ends, escape)."""
    if not value:
        return True
    body = value.rstrip(b"\x00")
    control = sum(b < 32 and b not in (9, 10, 12, 13, 27) for b in body)
    return control <= len(body) // 20 + (1 if b"\x00" in body else 0)


def _strings_in(value: bytes) -> list[str]:
    """Printable runs of at least four characters in binary bytes, one-byte and UTF-16."""
    runs = [run.decode("latin-1") for run in re.findall(rb"[\x20-\x7e\xa0-\xff]{4,}", value)]
    wide = [run.decode("utf-16-le", "ignore") for run in re.findall(rb"(?:[\x20-\xff][\x00\x04]){4,}", value)]
    utf8 = [
        run.decode("utf-8", "ignore")
        for run in re.findall(rb"(?:[\x20-\x7e]|[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}){4,}", value)
    ]
    return runs + wide + utf8

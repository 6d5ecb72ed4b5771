"""Codes of public schemes (PS3.16 Table 8-1): which form their values have. A coded value of a public scheme names nobody."""

import re

from concours.deid.words import code_terms, technical_vocabulary

_DIGITS = re.compile(r"C?\d{1,18}(?:-\d)?|\d{1,5}:\d{1,6}")
_SNOMED_RT = re.compile(r"[A-Z]{1,2}-?[0-9A-F]{2,6}|\d{6,18}")
_LETTER_AND_NUMBER = re.compile(r"[A-Z]{1,4}\d{1,9}(?:\.\d{1,3})?|\d{1,6}[A-Z]?")
_IBSI = re.compile(r"(?=[A-Z]*\d|[A-Z]{4}$)[A-Z0-9]{4}(?:\.[A-Z0-9]{3,4})?")
_FORMS = (
    (_DIGITS, "SCT SCT2 DCM LN FMA MDC NEU RXNORM PUBCHEM_CID ITIS_TSN"),
    (_SNOMED_RT, "SRT SNM3 99SDM"),
    (_LETTER_AND_NUMBER, "RADLEX NCIt UMLS MSH I10 ICD10 BARI"),
    (_IBSI, "IBSI"),
)
SCHEMES = {scheme.encode("ascii"): form for form, schemes in _FORMS for scheme in schemes.split()}
UCUM = b"UCUM"
PUBLIC = frozenset(SCHEMES) | {UCUM}

_PREFIXES = "(?:da|[YZEPTGMkhdcmunpfazy])?"
_UNITS = (
    "10|m|s|g|K|A|V|W|J|N|Pa|C|F|S|T|Hz|Bq|Gy|Sv|eV|L|l|mol|cd|lm|lx|Ohm|H|Ci|R|RAD|REM|dyn|erg|G|P|St|bar|atm|cal|B|Np|U|kat|eq|osm|u|t"
    "|rad|sr|deg|gon|min|h|d|wk|mo|a|Cel|diop|pH|ppm|ppb|ppth|bit|By|Bd|st|ar|har|[%'\"]|\\*"
)
_UNIT = re.compile(rf"10[*^][+\-]?\d+|{_PREFIXES}(?:{_UNITS})(?:[+\-]?\d+)?|\d+(?:[+\-]\d+)?")
_BRACKETED = re.compile(
    rf"{_PREFIXES}\[(?:100|Ch|PRU|arb'U|hnsf'U|wood'U|iU|IU|mi_i|in_i|ft_i|yd_i|lb_av|oz_av|degF|Hg|H2O|pH|ppm|ppb|pptr|tb'U|k|c|g|e|eps_0"
    r"|APL'U|CFU|PFU|knk'U|mclg'U|smgy'U|bdsk'U|gal_us|foz_us|sft_i|cft_i|kn_i|nmi_i|acr_us)\](?:[+\-]?\d+)?"
)
_ANNOTATIONS = frozenset(
    [
        "WetWeight",
        "Particles",
        "propcounts",
        "SUVbw",
        "SUVbsa",
        "SUVibw",
        "SUVlbm",
        "SUVlbm(James128)",
        "SUVlbm(Janma)",
        "MU",
    ]
)
"""Annotations of PS3.16's units that are no words."""
_ANNOTATION = re.compile(r"\{([^{}]*)\}")
_LETTERS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def is_public_code(scheme: bytes, value: str) -> bool:
    """Whether `value` has the form of a code of this public scheme."""
    if scheme == UCUM:
        return _is_unit(value)
    form = SCHEMES.get(scheme)
    if form is not None and form.fullmatch(value) is not None:
        return True
    return scheme == b"DCM" and value.lower() in code_terms()  # modalities and roles are letters: CT, RTPLAN


def _is_unit(value: str) -> bool:
    """Whether a code follows the grammar of UCUM: known atoms, and annotations in braces of words of the vocabulary."""
    if not value.isascii() or len(value) > 64:
        return False
    for annotation in _ANNOTATION.findall(value):
        if annotation not in _ANNOTATIONS and not all(
            len(word) < 3 or word.lower() in technical_vocabulary() for word in _LETTERS.findall(annotation)
        ):
            return False
    terms = re.split(r"[./()]+", _ANNOTATION.sub("", value))
    return all(not term or _is_term(term) for term in terms)


def _is_term(term: str) -> bool:
    """One factor: an atom, or an atom with a bracketed companion such as mm[Hg] and dB[mV]."""
    if _UNIT.fullmatch(term) or _BRACKETED.fullmatch(term):
        return True
    if term.startswith("[100]"):
        return _is_term(term.removeprefix("[100]"))
    head, bracket, rest = term.partition("[")
    return (
        bool(bracket)
        and _is_term(head or "1")
        and (rest in ("mV]", "uV]") or _BRACKETED.fullmatch(bracket + rest) is not None)
    )

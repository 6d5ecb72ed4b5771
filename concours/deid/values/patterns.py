"""What identifies by its form in French, English and Portuguese: addresses, telephones, dates, record numbers. On folded text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from concours.deid.values.folded import Folded, Span

_MONTHS = (
    "janvier|janv|fevrier|fevr|fev|mars|avril|avr|mai|juin|juillet|juil|aout|septembre|sept|octobre|oct|novembre|nov|decembre|dec|"
    "january|jan|february|feb|march|mar|april|apr|may|june|jun|july|jul|august|aug|september|sep|october|november|december|"
    "janeiro|fevereiro|marco|abril|abr|maio|junho|julho|agosto|ago|setembro|set|outubro|out|novembro|dezembro|dez"
)
_UNITS = "x|mm|cm|m|ml|cc|l|ms|s|sec|min|mg|g|kg|ui|iu|hu|uh|hz|mhz|kv|kvp|ma|mas|mgy|msv|mbq|mci|ppm|bpm|bits?|coups"

_FORMS: dict[str, str] = {
    "e-mail": r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    "address of a page": r"(?:https?://|www\.)\S+|(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])",
    "UID": r"(?<![\d.])\d+(?:\.\d+){4,}",
    "telephone": (
        r"(?<![\w.,])(?:(?:\+|00)33[ .]?(?:\(0\))?[ .-]?|0)[1-9](?:[ .-]?\d{2}){4}(?!\w)"
        r"|(?<!\w)\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\w)"
        r"|(?<!\w)\+\d{1,3}(?:[ .()-]{0,2}\d{2,4}){2,5}(?!\w)"
        r"|(?<![\w.,])(?:9[1236]\d|2[1-9]\d)[ .-]\d{3}[ .-]\d{3}(?!\w)"
        r"|(?<!\w)(?:tel|telephone|telefone|phone|fax|portable|mobile|telemovel|tlm|tlf|contacto)\W{1,3}[\d+(][\d .()/-]{5,}"
    ),
    "date": (
        r"(?<![\d.,])\d{1,2} ?[-/.] ?\d{1,2} ?[-/.] ?(?:19|20)?\d{2}(?![\d]|[.,]\d)"
        r"|(?<![\d.,])(?:19|20)\d{2}[-/. ]\d{1,2}[-/. ]\d{1,2}(?!\d)"
        r"|(?<!\d)(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)"
        r"|(?<!\d)(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d{2}(?!\d)"
        rf"|(?<!\w)\d{{1,2}}(?:er|st|nd|rd|th|o|º)?[ .-]*(?:of |de |do )?(?:{_MONTHS})(?![a-z])\.?"
        r"(?:[ ,.-]*(?:de |of )?\d{2,4})?"
        rf"|(?<!\w)(?:{_MONTHS})(?![a-z])\.?[ -]+\d{{1,2}}(?:st|nd|rd|th)?,?[ ]+(?:19|20)\d{{2}}"
        rf"|(?<!\w)(?:{_MONTHS})(?![a-z])\.?[ -]+(?:de )?(?:19|20)\d{{2}}(?!\d)"
        r"|(?<!\w)(?:le|du|au|depuis le|on|em|dia|since) \d{1,2}[/.]\d{1,2}(?![\d.,/])"
        rf"|(?<![\w.,/-])(?:19[2-9]\d|20[0-5]\d)(?! ?(?:{_UNITS})(?![a-z])|[\d]|[.,]\d| ?%)"
    ),
    "age above 89": r"(?<!\d)(?:9\d|1[01]\d)[ -]?(?:ans|anos?|years?|y\.?o\.?|yrs?)(?![a-z])",
    "record number": (
        r"(?<!\w)(?:mrn|ipp|nip|nda|iep|ins|nss|ssn|insee|nir|niss|nhs|dossier|patient id|pid|accession|record|chart|utente|"
        r"processo|nif|securite sociale|episodio|n[o°º]\.?(?: de)?(?: dossier| utente| processo| secu)?)"
        r"[ :#n°º.-]{1,6}[a-z]{0,4}[-./ ]?\d[\w./-]{2,}"
        r"|(?<!\w)[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d{2} ?\d{3} ?\d{3}(?: ?\d{2})?(?!\w)"
        r"|(?<![\w.,])\d{5,}(?!\w)"
        r"|(?<!\w)\d{4}-\d{3}(?![\w-])"
    ),
    "address": (
        r"(?<!\w)\d{1,4}(?: ?(?:bis|ter|quater))?,? +(?:rue|avenue|av|bd|boulevard|impasse|chemin|place|allees?|route|quai|"
        r"square|faubourg|passage|villa)(?![a-z])\.?[^\n,;.]{0,50}"
        r"|(?<!\w)\d{1,5},? +(?:[a-z]+ +){1,3}(?:road|street|lane|avenue|drive|boulevard|court|st|rd|ln|ave)(?![a-z])"
        r"|(?<!\w)(?:rua|avenida|travessa|praca|estrada) +(?:d[aeo]s? +)?[^\n,;\d]{2,50},? *(?:n[.oº]{0,2} *)?\d{1,4}"
    ),
}
PATTERNS = {kind: re.compile(form) for kind, form in _FORMS.items()}

_CODE = re.compile(r"(?<![\w.])[a-z0-9]+(?:[-./_][a-z0-9]+)*(?!\w)")
_HARMLESS_CODE = re.compile(
    rf"(?:[a-z]{{1,2}}\d{{1,2}}[a-z]?(?:[-/][a-z]{{0,2}}\d{{1,2}}[a-z]?)*|\d+(?:[.,]\d+)?(?:{_UNITS})(?:[-/][a-z0-9]+)?|\d+(?:x\d+)+(?:{_UNITS})?|"
    r"\d{1,2}h\d{0,2}|\d{1,3}(?:[-/.]\d{1,3}){0,3})"
)
FEWEST_DIGITS = 4  # of a code that names somebody: L4-L5, T2, 18F have fewer


def _codes(text: Folded) -> Iterator[Span]:
    """Letters and digits in one, with at least four digits, that are neither a measure nor a list of levels."""
    for match in _CODE.finditer(text.folded):
        code = match.group()
        digits = sum(sign.isdigit() for sign in code)
        if digits >= FEWEST_DIGITS and digits < len(code) and not _HARMLESS_CODE.fullmatch(code):
            yield text.span(*match.span())


def identifying_spans(text: Folded) -> list[tuple[Span, str]]:
    """(place, kind) of everything in the text that identifies by its form alone."""
    spans = [(span, kind) for kind, pattern in PATTERNS.items() for span in text.spans(pattern)]
    return spans + [(span, "record number") for span in _codes(text)]

"""Stops the worst of a private dialect from coming back: a short list of phrases, each with the plain one (STYLE.md, 17).

Looks at the English messages of the catalogue and at the prose in docs/, README.md and CONTRIBUTING.md.
"""

import re
import sys

import polib
from check import CATALOGUE, ROOT

PHRASES = {
    r"\b(is|are) asked\b(?! to\b)": "is required",
    r"\bmust look\b": "manual review needed",
    r"\bneeds? a look\b": "needs review",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\bgoes on\b|\bgo on\b(?! strike)": "is included / continues",
    r"\bgiven up\b": "expired",
    r"\blies elsewhere\b": "is not aligned with",
    r"\bholds no\b": "contains no",
    r"\bis out (already|since)\b|\bbatches that are out\b": "released",
    r"\bone (file|row|case|submission|line|folder) an? \w+": "one … per …",
    r"\bwhoever\b": "everyone who",
    r"\bsays itself\b": "declares",
    r"\bthe organisers were told\b": "the organisers have been informed",
    r"\bstands already\b": "already appears",
    r"\bhow sure\b": "uncertainty",
    r"\bthis was not done\b": "action not completed",
}
PATTERNS = [(re.compile(pattern, re.IGNORECASE), plain) for pattern, plain in PHRASES.items()]


def problems(where: str, text: str) -> list[str]:
    """A line per phrase of the list in the text."""
    return [
        f"{where}: “{match.group(0)}” → {plain}"
        for pattern, plain in PATTERNS
        for match in [pattern.search(text)]
        if match
    ]


def main() -> int:
    lines = []
    for entry in polib.pofile(str(CATALOGUE)):
        if not entry.obsolete:
            lines += problems(f"message {entry.msgid[:60]!r}", f"{entry.msgid} {entry.msgid_plural}")
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            lines += problems(f"{path.relative_to(ROOT)}:{number}", line)
    for line in lines:
        print(line)  # noqa: T201
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())

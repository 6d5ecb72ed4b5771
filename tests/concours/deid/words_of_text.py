"""Words of a text as tests of cleaning compare them."""

import re

from concours.deid.words import plain


def letters(text: str) -> list[str]:
    """The runs of letters of a text, folded."""
    return re.findall(r"[^\W\d_]+", plain(text))

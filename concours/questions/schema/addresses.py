"""Words that pages of a challenge use where a question's slug would stand: `/c/<challenge>/<word>/`."""

from typing import Final

PAGE_WORDS: Final = frozenset(
    [
        "audit",
        "batches",
        "charter",
        "console",
        "people",
        "protection",
        "results",
        "reviews",
        "setup",
        "team",
        "timeline",
        "work",
    ]
)

"""The keep list of a question: which attributes stay for science, checked against what may never stay."""

from collections.abc import Iterable, Mapping

from concours.deid.table import AttributeRow


class KeepError(ValueError):
    """A keyword of the keep list is unknown or identifies a person. `keyword` names it; the message says why."""

    def __init__(self, keyword: str, reason: str) -> None:
        super().__init__(f"'{keyword}' cannot be kept: {reason}")
        self.keyword = keyword


def check_keep(
    keep: Iterable[str], table: Mapping[str, AttributeRow], never: Iterable[str], never_vrs: Iterable[str]
) -> list[str]:
    """The tags (eight hexadecimal digits) of the keywords in `keep`. Raises KeepError at the first that may not stay."""
    by_keyword = {row.keyword: tag for tag, row in table.items()}
    forbidden, forbidden_vrs = frozenset(never), frozenset(never_vrs)
    tags = []
    for keyword in keep:
        tag = by_keyword.get(keyword)
        if tag is None:
            raise KeepError(keyword, "DICOM's dictionary has no attribute of this keyword.")
        if keyword in forbidden or table[tag].vr in forbidden_vrs or tag.startswith(("50XX", "60XX")):
            raise KeepError(keyword, "it identifies a person, a place or a system.")
        tags.append(tag)
    return tags

"""What the second check reports: where something identifying may be, never what it says."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """`file` is the path as searched, `where` an element's path, a region or a member, `kind` the rule that spoke."""

    file: str
    where: str
    kind: str

    def as_dict(self) -> dict[str, str]:
        return {"file": self.file, "where": self.where, "kind": self.kind}

"""Runs in a limited child: what each instance of a PACS's push is, by its header alone. Plain: places in, JSON out."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from concours.formats.stored import Stored
from concours.study.kinds import Rank
from concours.study.sorting import sort_file


@dataclass(frozen=True)
class PushedInstance:
    """One instance of a request. `failure` is a reason code, empty for one that is taken; `aside`: no part of an exam."""

    sop_class: str
    instance: str
    study: str
    failure: str = ""
    message: str = ""
    aside: bool = False

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> PushedInstance:
        """Read what the child sent."""
        texts = {name: str(document[name])[:300] for name in ("sop_class", "instance", "study", "failure", "message")}
        return cls(**texts, aside=bool(document["aside"]))


def read_instances(files: list[dict[str, Any]], modalities: list[str]) -> list[dict[str, Any]]:
    """A `PushedInstance` of each place, as JSON."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [asdict(_read(Stored.from_json(file), modalities)) for file in files]


def _read(place: Stored, modalities: list[str]) -> PushedInstance:
    file = sort_file(place, "", modalities)
    header = file.header
    if header is None or file.fault is not None:
        code = file.fault.reason if file.fault else "not_dicom"
        message = file.fault.message if file.fault else "This is no DICOM file."
        return PushedInstance(
            header.sop_class if header else "",
            header.instance if header else "",
            header.study if header else "",
            code,
            message,
        )
    if not header.study or not header.instance:
        return PushedInstance(header.sop_class, header.instance, "", "unreadable_file", "A UID is missing.")
    aside = file.rank == Rank.NEVER and file.kind not in ("segmentation", "structures")
    return PushedInstance(header.sop_class, header.instance, header.study, aside=aside)

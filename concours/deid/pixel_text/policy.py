"""Which frames of which object are examined for writing, and what may follow. What BurnedInAnnotation says is never
believed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from concours.deid.pixel_text.box import TextBox

SURE_ON_TISSUE = 0.8

# Kinds whose frames come from a reconstruction and hold writing only by accident: one sampled frame a series, and a
# person decides.
_SAMPLED_MODALITIES = frozenset({"CT", "MR", "PT", "NM"})
_SAMPLED_CLASSES = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.2",  # CT Image
        "1.2.840.10008.5.1.4.1.1.2.1",  # Enhanced CT Image
        "1.2.840.10008.5.1.4.1.1.2.2",  # Legacy Converted Enhanced CT Image
        "1.2.840.10008.5.1.4.1.1.4",  # MR Image
        "1.2.840.10008.5.1.4.1.1.4.1",  # Enhanced MR Image
        "1.2.840.10008.5.1.4.1.1.4.3",  # Enhanced MR Color Image
        "1.2.840.10008.5.1.4.1.1.4.4",  # Legacy Converted Enhanced MR Image
        "1.2.840.10008.5.1.4.1.1.20",  # Nuclear Medicine Image
        "1.2.840.10008.5.1.4.1.1.128",  # Positron Emission Tomography Image
        "1.2.840.10008.5.1.4.1.1.130",  # Enhanced PET Image
    }
)
# Derived label maps and numbers: their pixels are classes or measurements, written by software.
_NEVER_CLASSES = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.66.4",  # Segmentation
        "1.2.840.10008.5.1.4.1.1.66.7",  # Label Map Segmentation
        "1.2.840.10008.5.1.4.1.1.30",  # Parametric Map
        "1.2.840.10008.5.1.4.1.1.481.2",  # RT Dose
    }
)


@dataclass(frozen=True)
class Plan:
    """Frames to examine (counted from 0) and what to do with identity found there: blank it, or send the file to a
    person.
    """

    frames: tuple[int, ...]
    on_identity: Literal["blank", "review"]

    def decide(self, boxes: Iterable[TextBox]) -> Literal["clean", "blank", "review"]:
        """What follows from the boxes found: nothing, blank those of identity, or a person looks at the boxes.

        On a sampled reconstruction only writing read with confidence counts: tissue is misread there, measured on
        real slices, with at most 0.6. Where frames are blanked, anything uncertain sends the whole object to a person.
        """
        identity = [box for box in boxes if box.verdict != "marker"]
        if self.on_identity == "review":
            sure = [box for box in identity if box.confidence >= SURE_ON_TISSUE and box.verdict == "identity"]
            return "review" if sure else "clean"
        if any(box.verdict == "uncertain" for box in identity):
            return "review"
        return "blank" if identity else "clean"


def plan_examination(
    *, sop_class: str, modality: str, frames: int, first_of_series: bool = True, derived_secondary: bool = False
) -> Plan:
    """What to examine of one object with `frames` frames.

    CT, MR, PT and NM images of an ordinary class: the middle frame of the first object of a series
    (`first_of_series`), review only. A derived image whose ImageType says SECONDARY or SCREEN SAVE
    (`derived_secondary`) and every other kind, the unknown included: all frames.
    """
    if frames < 1 or sop_class in _NEVER_CLASSES:
        return Plan((), "blank")
    if sop_class in _SAMPLED_CLASSES and modality in _SAMPLED_MODALITIES and not derived_secondary:
        return Plan((frames // 2,) if first_of_series else (), "review")
    return Plan(tuple(range(frames)), "blank")

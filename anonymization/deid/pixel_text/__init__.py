"""Finds writing burned into pixels, tells identity from markers and scales, and blanks it.

Policy per kind of object in `policy`, one frame in `find`, whole objects in `frames`.
"""

from anonymization.deid.pixel_text.blanking import blank
from anonymization.deid.pixel_text.box import TextBox
from anonymization.deid.pixel_text.find import find_text
from anonymization.deid.pixel_text.frames import Examination, examine_frames
from anonymization.deid.pixel_text.policy import Plan, plan_examination
from anonymization.deid.pixel_text.ultrasound import UltrasoundRegion, banner_boxes
from anonymization.deid.pixel_text.wording import cut_short

__all__ = [
    "Examination",
    "Plan",
    "TextBox",
    "UltrasoundRegion",
    "banner_boxes",
    "blank",
    "cut_short",
    "examine_frames",
    "find_text",
    "plan_examination",
]

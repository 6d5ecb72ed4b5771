"""Which MR sequence a series is, from its parameters first and from its descriptions where these are silent."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from concours.imaging.assemble import plane_of
from concours.inclusion.exam.facts import SeriesFacts

KINDS = ("flair", "flair_3d", "flair_2d_axial", "t1", "t2", "t2_fatsat", "stir", "other")

# Milliseconds. Fluid is nulled at ln(2) of its T1 (about 4.3 s) for a long repetition time, earlier for a shorter one
# or a T2 preparation: clinical FLAIR lies between 1400 and 3000 (Hajnal 1992, J Comput Assist Tomogr 16:841;
# Bernstein, King, Zhou 2004, Handbook of MRI Pulse Sequences, 14.2). Fat is nulled at 100 to 300 (STIR).
# FLAIR is heavily T2 weighted: MS-SMART (BMJ Open, guide to scan parameters, table 4) asks all vendors for TE 100 to 128, TR 9500
# to 10000, TI 2200 to 2400; TE 60 and shorter TR with shorter TI were in use too (Baratti 1995, Magn Reson Imaging 13:513).
# A long TR is above 1500 and a short TE below 30 (IMAIOS e-MRI, signal weighting); MS-SMART's T2 has a TE of 85 to 100, its T1
# spin echo a TE of 7 to 20 and a TR of 518 to 700. Between T1's and T2's limits lies proton density, which is none of them.
FLAIR_INVERSION = (1400.0, 3000.0)
STIR_INVERSION = (80.0, 350.0)
FLAIR_ECHO, FLAIR_REPETITION = 60.0, 4000.0
T2_ECHO, T2_REPETITION = 60.0, 1500.0
T1_ECHO, T1_SPIN_REPETITION = 30.0, 1200.0

CSF_T1 = 4300.0
LATEST_NULL = 1.2
"""A FLAIR inverts no later than this many times the moment at which its repetition time nulls fluid; a double inversion does."""
LONGEST_INVERSION = 20_000.0  # Philips fills unused inversion times with the largest double

SAYS_FLAIR = re.compile(r"FLAIR|DARK.?FLUID|DA.?FL(?![A-Z])|TIRM.{0,12}DARK|SPCIR|VISTA.?FLAIR|CUBE.?FLAIR")
# Inversion recoveries beside FLAIR in the protocols for multiple sclerosis and deep brain stimulation (MAGNIMS, OFSEP).
SAYS_OTHER_INVERSION = re.compile(
    r"(?<![A-Z])(DIR|PSIR|FGATIR|FGAT|FLAWS)(?![A-Z])|(?<![A-Z])(DB|DBL|DOUBLE)[ _-]?INV"
    r"|PHASE[ _-]?SENSITIVE"
)
SAYS_T1_FLAIR = re.compile(r"(?<![A-Z0-9])T1W?.{0,3}FLAIR")
SAYS_STIR = re.compile(r"(?<![A-Z])STIR(?![A-Z])")
SAYS_FAT_SATURATION = re.compile(
    r"(?<![A-Z])(FS|FAT.?SAT\w*|FATSAT|SPAIR|SPIR|SAT.?GRAISSE|FAT.?SUP\w*|SFS)(?![A-Z])", re.IGNORECASE
)
SAYS_T2 = re.compile(r"(?<![A-Z0-9])T2(?![A-Z0-9*])")
SAYS_T1 = re.compile(r"(?<![A-Z0-9])T1|LAVA|VIBE|THRIVE|MPRAGE|BRAVO|DIXON")


@dataclass(frozen=True)
class Sequence:
    """`kind` is flair, t1, t2, t2_fatsat, stir, other or "" (unknown); `conflict` when words and numbers disagree."""

    kind: str
    dimensions: str = ""
    plane: str = ""
    conflict: bool = False

    def is_one_of(self, allowed: list[str]) -> bool:
        """True when the sequence is one of the kinds that a question may name."""
        names = {self.kind, f"{self.kind}_{self.dimensions}"}
        if self.dimensions == "2d" and self.plane == "axial":
            names.add(f"{self.kind}_2d_axial")
        if self.kind == "t2_fatsat":
            names.add("t2")
        return bool(names & set(allowed)) if self.kind else False


def sequence_of(series: SeriesFacts) -> Sequence:
    """Return what the series is; parameters decide, descriptions only where parameters are silent."""
    words = _by_words(series.description())
    numbers = _by_numbers(series)
    if numbers == "t2" and _fat_suppressed(series):
        numbers = "t2_fatsat"
    if words == "t2" and _fat_suppressed(series):
        words = "t2_fatsat"
    clash = bool(numbers and words) and not _agree(numbers, words)
    # A word alone can be a protocol's name; the physics of FLAIR, STIR, T1 and T2 cannot be something else.
    return Sequence(numbers or words, _dimensions(series), _plane(series), conflict=clash)


def _agree(numbers: str, words: str) -> bool:
    """True when the name allows what the parameters say: FLAIR is T2 weighted, fat saturation an option."""
    family = {"t2_fatsat": "t2"}
    return family.get(numbers, numbers) == family.get(words, words) or (
        numbers == "flair" and words in ("t2", "t2_fatsat")
    )


def _inversions(series: SeriesFacts) -> list[float]:
    """Return the stated inversion times, those that an enhanced object leaves unused left out."""
    value = series.get("InversionTime")
    stated = value if isinstance(value, (list, tuple)) else [value]
    numbers = [float(number) for number in stated if isinstance(number, (int, float)) or _is_number(number)]
    return [number for number in numbers if 0 < number <= LONGEST_INVERSION]


def _is_number(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\s*\d+(\.\d+)?\s*", value) is not None


def _nulls_fluid(inversion: float, repetition: float) -> bool:
    """True when fluid is nulled at about this inversion time, or earlier as after a T2 preparation."""
    null = CSF_T1 * (math.log(2) - math.log1p(math.exp(-repetition / CSF_T1)))
    return FLAIR_INVERSION[0] <= inversion <= min(FLAIR_INVERSION[1], LATEST_NULL * null)


def _by_numbers(series: SeriesFacts) -> str:
    echo, repetition = series.number("EchoTime"), series.number("RepetitionTime")
    inversions = _inversions(series)
    inversion = inversions[0] if inversions else None
    families = set(series.text("ScanningSequence").split("\\")) - {""}
    inverted = "IR" in families or series.text("InversionRecovery") == "YES" or bool(inversions)
    if (series.number("DiffusionBValue") or 0) > 0 or "EP" in families:
        return "other"
    if inverted:
        if inversion and STIR_INVERSION[0] <= inversion <= STIR_INVERSION[1]:
            return "stir"
        if inversion and echo is not None and repetition is not None:
            if len(inversions) > 1:
                return "other"  # a double inversion nulls a second tissue
            in_range = _nulls_fluid(inversion, repetition)
            if in_range and echo >= FLAIR_ECHO and repetition >= FLAIR_REPETITION:
                return "flair"
            return "t1" if echo <= T1_ECHO else "" if in_range else "other"
        return ""
    if echo is None or repetition is None or not families:
        return ""
    if echo >= T2_ECHO and repetition >= T2_REPETITION:
        return "t2"
    if echo <= T1_ECHO and (repetition <= T1_SPIN_REPETITION or "GR" in families):
        return "t1"
    return "other"


def _by_words(description: str) -> str:
    if SAYS_OTHER_INVERSION.search(description):
        return "other"
    if SAYS_T1_FLAIR.search(description):
        return "t1"
    if SAYS_FLAIR.search(description):
        return "flair"
    if SAYS_STIR.search(description):
        return "stir"
    if SAYS_T2.search(description):
        return "t2"
    return "t1" if SAYS_T1.search(description) else ""


def _fat_suppressed(series: SeriesFacts) -> bool:
    options = set(series.text("ScanOptions").replace("_", "\\").split("\\"))
    suppressed = series.text("SpectrallySelectedSuppression") in ("FAT", "FAT_AND_WATER")
    return suppressed or "FS" in options or bool(SAYS_FAT_SATURATION.search(series.description()))


def fat_suppression_known(series: SeriesFacts) -> bool:
    """True when the scan options are stated at all, so that their silence means no fat suppression."""
    return bool(series.text("ScanOptions") or series.text("SpectrallySelectedSuppression"))


def _dimensions(series: SeriesFacts) -> str:
    stated = series.text("MRAcquisitionType")
    return {"2D": "2d", "3D": "3d"}.get(stated, "")


def _plane(series: SeriesFacts) -> str:
    orientations = [piece.orientation for piece in series.slices if piece.orientation is not None]
    return plane_of(orientations[0], 30.0) if orientations else ""

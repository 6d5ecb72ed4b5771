"""What a question file says, as typed values: every other part of the platform reads a question through these."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .rules import How, RuleName, Ties

FORMAT_VERSION = 1
LANGUAGES = ("en", "fr")
CONFLICTS = ("show", "declare", "refuse")
PROFESSIONS = ("radiologist", "engineer", "student", "researcher", "data-scientist", "company")
EMBEDDED_IMAGES = 3  # of a generated case: the channels of every network that embeds one


@dataclass(frozen=True, slots=True)
class FieldNeeds:
    """What a criterion reads of a field: one of the types (none: any), and columns of which a table has all or none."""

    types: Collection[str] = ()
    together: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class KnownNames:
    """The names that exist. A mapping also says which parameters a name takes (None: any).

    For a criterion the parameters may be a mapping to what each refers to: `field`, `image` or nothing.
    `fields_read` says, by criterion and parameter, which types of field and which columns together are read.
    `metric_faults(name, params)` and `criterion_faults(name, params)` say in English what else is wrong with them.
    """

    kinds: Collection[str] | Mapping[str, Collection[str]]  # as a mapping: the sections of `submission` it needs
    metrics: Collection[str] | Mapping[str, Collection[str] | None]
    criteria: Collection[str] | Mapping[str, Collection[str] | None]
    fields_read: Mapping[tuple[str, str], FieldNeeds] = field(default_factory=dict)
    embedded: Collection[str] = ()  # the metrics that compare embeddings of generated cases
    metric_faults: Callable[[str, Mapping[str, Any]], Iterable[str]] | None = None
    criterion_faults: Callable[[str, Mapping[str, Any]], Iterable[str]] | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """One text in every language of the site."""

    en: str
    fr: str

    def says(self, language: str) -> str:
        """The text in `language`, English where the site knows no better."""
        return self.fr if language.startswith("fr") else self.en


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """One image of a case (an arterial phase, a FLAIR series)."""

    name: str
    modality: tuple[str, ...]
    dimensions: tuple[int, ...]  # 2, 3, or both where a centre may send either
    required: bool
    title: Words


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One column of a table, sent by a centre (a nodule's volume) or by a team (a probability)."""

    name: str
    type: str  # number | integer | category | boolean | text | date | time
    min: float | None = None
    max: float | None = None
    allowed: tuple[str, ...] = ()
    unit: str = ""
    required: bool = True


@dataclass(frozen=True, slots=True)
class DeriveSpec:
    """A field worked out by a published rule instead of asked from a centre (abnormal: at least one such nodule)."""

    rule: str  # any_row
    of: str
    over: Mapping[str, float]  # column: threshold; one column above its threshold is enough
    inclusive: bool  # True: the threshold itself counts


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """Something a centre sends beside the images, and what the truth holds."""

    name: str
    type: str  # mask | number | integer | category | boolean | date | text | table
    title: Words
    of: str = ""  # the image a mask is drawn on
    values: tuple[int, ...] = ()  # a mask's values
    labels: Mapping[int, Words] = field(default_factory=dict)  # a mask's values by name
    unit: str = ""
    min: float | None = None
    max: float | None = None
    allowed: tuple[str, ...] = ()
    measured_from: str = ""  # the mask it is measured on
    measure: str = ""  # surface | volume | diameter
    derive: DeriveSpec | None = None
    columns: Mapping[str, ColumnSpec] = field(default_factory=dict)  # of a table
    rows_min: int | None = None
    rows_max: int | None = None
    required: bool = True


DELIVERY_FORMATS = ("dicom", "nifti", "numpy", "table", "text")


@dataclass(frozen=True, slots=True)
class DeliverSpec:
    """What teams receive, and in which format."""

    format: str  # one of DELIVERY_FORMATS
    training: tuple[str, ...]
    evaluation: tuple[str, ...]
    face: str = "keep"  # keep | blank: what becomes of a face that a head volume shows, unless a batch says otherwise


@dataclass(frozen=True, slots=True)
class DataSpec:
    images: Mapping[str, ImageSpec]
    fields: Mapping[str, FieldSpec]
    deliver: DeliverSpec
    patient: str = "patient_id"  # the column of a table that says whose row it is, where there are no images
    licence: str = ""  # the terms under which teams receive the data, in English
    citation: str = ""  # how the data are cited


@dataclass(frozen=True, slots=True)
class CriterionSpec:
    """One inclusion criterion: the name of a file in `concours/inclusion/`, and its parameters."""

    name: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DeidentificationSpec:
    keep: tuple[str, ...] = ()  # DICOM keywords
    text_steps: tuple[str, ...] = ()  # free text: patterns, words, annotators


@dataclass(frozen=True, slots=True)
class GradingSpec:
    readers: int = 1
    scale: tuple[str, ...] = ("A", "B", "C", "D")
    kept: tuple[str, ...] = ("A", "B", "C")


@dataclass(frozen=True, slots=True)
class SplitSpec:
    seed: int = 0
    stratify: tuple[str, ...] = ()
    sets: Mapping[str, int] = field(default_factory=dict)  # exams a set
    shares: Mapping[str, float] = field(default_factory=dict)  # or the share of the kept exams, adding up to 1
    evaluation: tuple[str, ...] = ()  # the sets whose truth is sealed
    truth: tuple[str, ...] = ()  # the sets submissions are scored against (the sealed ones, unless said)


@dataclass(frozen=True, slots=True)
class BatchSpec:
    name: str
    set: str
    released_at: datetime


@dataclass(frozen=True, slots=True)
class PhaseSpec:
    """A named window: open because `opens <= now < closes`."""

    name: str
    opens: datetime
    closes: datetime
    accepts: str  # exams | registrations | submissions | nothing
    batch: str = ""
    decides: bool = False
    title: Words | None = None


@dataclass(frozen=True, slots=True)
class TableSpec:
    """The table a team sends. `rows` is `one` a case, or `many` (lesions, repeated measures)."""

    name: str
    columns: Mapping[str, ColumnSpec]
    formats: tuple[str, ...] = ("csv", "xlsx")
    rows: str = "one"


@dataclass(frozen=True, slots=True)
class MasksSpec:
    """One mask file a case, named after the case."""

    field: str
    files: str
    formats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunsSpec:
    """Masks as run lengths in a column of a CSV."""

    field: str
    name: str
    column: str
    order: str  # row | column
    base: int  # 0 | 1
    shape_column: str = ""
    shape_use: str = "ignore"  # check | ignore; never trusted
    ignore: tuple[str, ...] = ()  # the team's own diameter, volume: everything is measured on the mask


@dataclass(frozen=True, slots=True)
class GeneratedSpec:
    """Generated cases as arrays: `cases` of them, each with the images of `images` in this order."""

    cases: int
    minimum: int
    images: tuple[str, ...]
    files: str
    formats: tuple[str, ...] = ("npy",)
    shape: tuple[int, ...] = ()  # rows and columns of every image, where the question fixes them
    embedding: str = ""  # the network that embeds a case; empty: the one that ships with the platform


@dataclass(frozen=True, slots=True)
class SubmissionSpec:
    id_column: str
    table: TableSpec | None = None
    masks: MasksSpec | None = None
    runs: RunsSpec | None = None
    generated: GeneratedSpec | None = None


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One score. `fields` are the truth's, `columns` the team's (the same names, unless said)."""

    name: str
    metric: str
    fields: tuple[str, ...]
    columns: tuple[str, ...]
    over: str  # cases | set | declared
    aggregate: str = "mean"  # of the cases: mean | median | sum | min | max
    params: Mapping[str, Any] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)  # only the cases whose fields have these values
    label: int | None = None  # of a mask with several labels: the one that is compared
    opposite: bool = False  # the column is the probability of the other class: scored as 1 - p
    goal: float | None = None  # the value the organiser asks for, shown on the board
    direction: str = ""  # higher | lower: only for `external`, where no metric of ours says it
    title: Words | None = None


@dataclass(frozen=True, slots=True)
class DerivedSpec:
    """A score made of others before ranking, over all ranked contestants.

    `one_minus_over_worst`: 1 - x / max of x over them (SFR 2021: `1 - FID/FIDmax`; 1 when that maximum is 0); `one_minus`:
    1 - x; `divide`: x / by (jury / 20); `mean`: the arithmetic mean of `of`. Missing if any part is missing.
    """

    name: str
    how: How
    of: tuple[str, ...]
    by: float = 1.0
    title: Words | None = None


@dataclass(frozen=True, slots=True)
class RankingSpec:
    rule: RuleName
    by: tuple[str, ...]
    weights: Mapping[str, float] = field(default_factory=dict)
    derived: Mapping[str, DerivedSpec] = field(default_factory=dict)
    ties: Ties = "min"
    tie_break: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FinalSpec:
    """A second ranking of the best few, after their code has been run again by the organisers."""

    finalists: int
    ranking: RankingSpec
    tolerance: float | None = None  # relative difference of a re-run that still counts as the same
    steps_up: bool = True  # the next team takes the place of an excluded finalist


@dataclass(frozen=True, slots=True)
class JuryCriterionSpec:
    name: str
    min: int
    max: int
    title: Words


@dataclass(frozen=True, slots=True)
class JurySpec:
    """Marks by people. The score is the mean over cases, then over jurors, of the sum of the criteria."""

    score: str
    jurors: int
    cases: int
    criteria: tuple[JuryCriterionSpec, ...]
    select: str = "all"  # all | kmeans (the case nearest each centre)
    blind: bool = True
    seed: int = 0

    @property
    def max(self) -> int:
        """The best mark a case can have."""
        return sum(criterion.max for criterion in self.criteria)


@dataclass(frozen=True, slots=True)
class LeaderboardSpec:
    public_share: float = 0.0
    digits: int = 4
    seed: int = 0  # of the choice of the public cases
    reveal_at: datetime | None = None
    step: float | None = None  # a public score is replaced when the next one is better by at least this (the Ladder)


@dataclass(frozen=True, slots=True)
class LimitsSpec:
    per_day: int | None = None
    per_phase: int | None = None
    bytes: int = 2_000_000_000
    unpacked_bytes: int = 8_000_000_000
    entries: int = 20_000
    rows: int = 1_000_000


@dataclass(frozen=True, slots=True)
class NeedSpec:
    """At least `count` members of one of these professions."""

    any_of: tuple[str, ...]
    count: int = 1


@dataclass(frozen=True, slots=True)
class PrizeSpec:
    place: str  # a place ("1"), or who ("centre", "finalist")
    amount: float
    currency: str


@dataclass(frozen=True, slots=True)
class RulesSpec:
    team_min: int | None = None
    team_max: int | None = None
    needs: tuple[NeedSpec, ...] = ()
    waivable: bool = False
    one_word_name: bool = False
    institution_email: bool = False
    email_domains: tuple[str, ...] = ()  # members' addresses end with one of these; empty: any
    conflicts: str = (
        "show"  # one of CONFLICTS: what becomes of members who are also of a centre, readers, jurors, organisers
    )
    changes_until: datetime | None = None  # from then on nobody joins or leaves a team that entered the question
    declarations: tuple[Words, ...] = ()
    prizes: tuple[PrizeSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetSpec:
    exams: int
    margin: float = 0.0

    @property
    def with_margin(self) -> int:
        """Exams to collect, the margin for poor quality and damaged files included."""
        return -(-round(self.exams * (1 + self.margin) * 1000) // 1000)


@dataclass(frozen=True, slots=True)
class QuestionSpec:
    """A whole question. `sha256` is of the text it was read from; `text` is that text."""

    slug: str
    title: Words
    summary: Words
    source: str
    kind: str
    data: DataSpec
    inclusion: tuple[CriterionSpec, ...]
    deidentification: DeidentificationSpec
    grading: GradingSpec
    split: SplitSpec
    batches: tuple[BatchSpec, ...]
    phases: Mapping[str, PhaseSpec]
    submission: SubmissionSpec
    metrics: Mapping[str, MetricSpec]
    ranking: RankingSpec
    final: FinalSpec | None
    jury: JurySpec | None
    leaderboard: LeaderboardSpec
    limits: LimitsSpec
    rules: RulesSpec
    target: TargetSpec | None
    seed: int
    text: str
    sha256: str

    @property
    def deciding_phase(self) -> PhaseSpec | None:
        """The phase whose submissions are ranked at the end."""
        return next((phase for phase in self.phases.values() if phase.decides), None)

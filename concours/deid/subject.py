"""Who a file is about: the identifiers it holds, gathered before anything is written, and the identity that replaces them."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from concours.deid import charset, tags
from concours.deid.identity import CentreKey, IdentityKey, centre_key
from concours.deid.known import IdentifierMatcher
from concours.deid.table import table
from concours.deid.tokens import DataElement, NotPlain, items

tags.PatientID, tags.IssuerOfPatientID, tags.StudyInstanceUID, SERIES_UID = (
    tags.PatientID,
    tags.IssuerOfPatientID,
    tags.StudyInstanceUID,
    tags.SeriesInstanceUID,
)
_LINKS = (tags.PatientID, tags.StudyInstanceUID, tags.SeriesInstanceUID)

_IDENTIFIERS = """PatientID OtherPatientIDs PatientBirthDate AccessionNumber StudyID StudyDate PatientTelephoneNumbers
    PatientTelecomInformation MedicalRecordLocator AdmissionID ServiceEpisodeID RequestedProcedureID ScheduledProcedureStepID
    PerformedProcedureStepID PlacerOrderNumberImagingServiceRequest FillerOrderNumberImagingServiceRequest DeviceSerialNumber
    InsurancePlanIdentification ClinicalTrialSubjectID ClinicalTrialSubjectReadingID PersonTelephoneNumbers
    OrderCallbackPhoneNumber
    ReferringPhysicianTelephoneNumbers ResultsID InterpretationID"""
_PLACES = """InstitutionName InstitutionAddress InstitutionalDepartmentName PatientAddress CurrentPatientLocation
    PatientInstitutionResidence ResponsibleOrganization ReferringPhysicianAddress PersonAddress ClinicalTrialSiteName
    ClinicalTrialCoordinatingCenterName ClinicalTrialSponsorName RegionOfResidence VerifyingOrganization RequestingService
    StationName DetectorID GantryID PlateID CassetteID"""
_SEQUENCES = """OtherPatientIDsSequence RequestAttributesSequence ReferringPhysicianIdentificationSequence
    ConsultingPhysicianIdentificationSequence PhysiciansOfRecordIdentificationSequence PerformingPhysicianIdentificationSequence
    PhysiciansReadingStudyIdentificationSequence OperatorIdentificationSequence ReferencedPatientAliasSequence
    ContentSequence VerifyingObserverSequence AuthorObserverSequence ParticipantSequence ActualHumanPerformersSequence
    OriginalAttributesSequence ModifiedAttributesSequence PersonNamesToUseSequence ROIInterpreterSequence"""

_STANDARD_UID = re.compile(rb"1\.2\.840\.10008(?:\.\d{1,4}){1,8}")
"""UIDs of the standard itself (PS3.6 Annex A) have components of at most four digits: a longer one could be
a number of a person.
"""


@dataclass
class Subject:
    """Who a file is about, and so what stands instead. Its repr shows nothing of the person."""

    key: CentreKey = field(repr=False)
    pseudonym: str = field(repr=False)
    shift_days: int = field(repr=False)
    identifiers: IdentifierMatcher = field(repr=False)
    uids: dict[bytes, bytes] = field(default_factory=dict, repr=False)

    def uid(self, value: bytes) -> bytes:
        """The UID that stands instead of `value`; UIDs of the standard itself stay. UIDs stay when the profile says so,
        before this.
        """
        value = value.strip(b"\0 ")
        if not value or _STANDARD_UID.fullmatch(value):
            return value
        new_uid = self.uids.get(value)
        if new_uid is None:
            if len(self.uids) > 100_000:
                self.uids.clear()
            new_uid = self.uids[value] = self.key.new_uid(value.decode("latin_1")).encode("ascii")
        return new_uid


@cache
def identity_tags() -> tuple[frozenset[int], frozenset[int], frozenset[int], frozenset[int]]:
    """Tags of people (every PN of the dictionary), identifiers, places, and of sequences that hold such."""
    people: set[int] = set()
    named: dict[str, int] = {}
    for text, row in table().items():
        if "X" not in text and text != "PRIVATE":
            named[row.keyword] = int(text, 16)
            if row.vr == "PN":
                people.add(int(text, 16))
    numbers, places, sequences = (
        frozenset(named[k] for k in words.split() if k in named) for words in (_IDENTIFIERS, _PLACES, _SEQUENCES)
    )
    return frozenset(people), numbers, places, sequences


@cache
def all_identity_tags() -> frozenset[int]:
    """Every tag whose value decides who the subject is and what is known of the people around."""
    return frozenset().union(*identity_tags()) | {tags.IssuerOfPatientID, tags.SpecificCharacterSet}


@dataclass(frozen=True)
class Identity:
    """What headers say of a person and of the people around. Its repr shows nothing."""

    people: frozenset[str] = field(default=frozenset(), repr=False)
    numbers: frozenset[str] = field(default=frozenset(), repr=False)
    places: frozenset[str] = field(default=frozenset(), repr=False)

    def __or__(self, other: "Identity") -> "Identity":
        return Identity(self.people | other.people, self.numbers | other.numbers, self.places | other.places)

    def to_json(self) -> dict[str, list[str]]:
        """For the pipe between two processes of one run; it is written nowhere else."""
        return {"people": sorted(self.people), "numbers": sorted(self.numbers), "places": sorted(self.places)}

    @classmethod
    def from_json(cls, value: Mapping[str, list[str]]) -> "Identity":
        """What `to_json` took apart."""
        return cls(frozenset(value["people"]), frozenset(value["numbers"]), frozenset(value["places"]))


class Acquaintance:
    """What the headers of an exam say together: files of one patient, study or series lend each other their identifiers."""

    def __init__(self) -> None:
        self._by_link: dict[str, Identity] = {}

    def __repr__(self) -> str:
        return f"Acquaintance({len(self._by_link)} links)"

    def add(self, links: Iterable[str], identity: Identity) -> None:
        """One file's identity, under each of its links."""
        for link in links:
            before = self._by_link.get(link)
            if before is None or not identity.people <= before.people or before | identity != before:
                self._by_link[link] = identity if before is None else before | identity

    def of(self, links: Iterable[str]) -> Identity:
        """What all files that share a link say."""
        together = Identity()
        for link in links:
            if link in self._by_link:
                together = together | self._by_link[link]
        return together


def links_of(tokens: list[DataElement]) -> tuple[str, ...]:
    """What ties a file to others of its exam: patient, study and series."""
    values = {token.tag: token.value.strip(b" \0").decode("latin_1") for token in tokens if token.tag in _LINKS}
    return tuple(f"{tag:08x} {values[tag]}" for tag in _LINKS if values.get(tag))


def identity_of(tokens: list[DataElement], explicit: bool, vrs: Mapping[int, tuple[bytes, ...]]) -> Identity:
    """What a data set says of its person and the people around."""
    decode = charset.decoder(next((token.value for token in tokens if token.tag == tags.SpecificCharacterSet), b""))
    texts_by_kind: tuple[list[str], list[str], list[str]] = ([], [], [])
    _collect(tokens, explicit, vrs, decode, texts_by_kind, 0)
    return Identity(*(frozenset(texts) - {""} for texts in texts_by_kind))


def gather(
    tokens: list[DataElement],
    explicit: bool,
    vrs: Mapping[int, tuple[bytes, ...]],
    *,
    key: IdentityKey,
    centre: str | None,
    elsewhere: Identity | None = None,
    keep_weekday: bool = False,
) -> tuple[Subject, bytes]:
    """The subject of a data set and its Specific Character Set; `elsewhere` is what is known of the person besides.

    Identity is (centre, PatientID), or (IssuerOfPatientID, PatientID) where `centre` is None and `key` is a challenge's. Without
    a PatientID the study stands for the person, so that two people never meet under an empty number.
    """
    by_tag = {token.tag: token for token in tokens}
    characters = by_tag[tags.SpecificCharacterSet].value if tags.SpecificCharacterSet in by_tag else b""
    decode = charset.decoder(characters)

    def text(tag: int) -> str:
        return decode(by_tag[tag].value).strip(" \0") if tag in by_tag else ""

    identity = identity_of(tokens, explicit, vrs) | (elsewhere or Identity())
    patient = text(tags.PatientID) or "\0study " + text(tags.StudyInstanceUID)
    home = centre_key(key, centre if centre is not None else text(tags.IssuerOfPatientID))
    return (
        Subject(
            key=centre_key(key, centre or ""),
            pseudonym=home.pseudonym(patient),
            shift_days=home.shift_days(patient, keep_weekday=keep_weekday),
            identifiers=IdentifierMatcher(sorted(identity.people), sorted(identity.numbers), sorted(identity.places)),
        ),
        characters,
    )


def _collect(
    tokens: list[DataElement],
    explicit: bool,
    vrs: Mapping[int, tuple[bytes, ...]],
    decode: Callable[[bytes], str],
    texts_by_kind: tuple[list[str], list[str], list[str]],
    depth: int,
) -> None:
    people, numbers, places, sequences = identity_tags()
    for token in tokens:
        tag = token.tag
        if tag in sequences or (depth and (token.vr == b"SQ" or token.undefined)):
            inner_explicit = explicit and token.vr != b"UN"
            try:
                parsed = items(token.value, inner_explicit, vrs, depth + 1)
            except NotPlain:
                continue
            for item in parsed:
                _collect(item, inner_explicit, vrs, decode, texts_by_kind, depth + 1)
        elif token.vr == b"PN" or tag in people:
            texts_by_kind[0].extend(decode(token.value).strip(" \0").split("\\"))
        elif tag in numbers:
            texts_by_kind[1].extend(part.strip() for part in decode(token.value).strip(" \0").split("\\"))
        elif tag in places:
            texts_by_kind[2].extend(part.strip() for part in decode(token.value).strip(" \0").split("\\"))

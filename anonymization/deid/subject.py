"""Who a file is about: the identifiers it holds, gathered before anything is written, and the identity that replaces them."""

from collections.abc import Callable, Mapping
from functools import cache

from anonymization.deid import charset
from anonymization.deid.identity import date_shift_days, pseudonym
from anonymization.deid.rules import table
from anonymization.deid.text import Known
from anonymization.deid.tokens import NotPlain, Token, items
from anonymization.deid.transform import CHARACTER_SET, Subject

PATIENT_ID, ISSUER, STUDY_UID = 0x00100020, 0x00100021, 0x0020000D

_IDENTIFIERS = """PatientID OtherPatientIDs PatientBirthDate AccessionNumber StudyID StudyDate PatientTelephoneNumbers
    PatientTelecomInformation MedicalRecordLocator AdmissionID ServiceEpisodeID RequestedProcedureID ScheduledProcedureStepID
    PerformedProcedureStepID PlacerOrderNumberImagingServiceRequest FillerOrderNumberImagingServiceRequest DeviceSerialNumber
    InsurancePlanIdentification ClinicalTrialSubjectID ClinicalTrialSubjectReadingID PersonTelephoneNumbers
    OrderCallbackPhoneNumber
    ReferringPhysicianTelephoneNumbers StationName ResultsID InterpretationID DetectorID GantryID PlateID CassetteID"""
_PLACES = """InstitutionName InstitutionAddress InstitutionalDepartmentName PatientAddress CurrentPatientLocation
    PatientInstitutionResidence ResponsibleOrganization ReferringPhysicianAddress PersonAddress ClinicalTrialSiteName
    ClinicalTrialCoordinatingCenterName ClinicalTrialSponsorName RegionOfResidence VerifyingOrganization RequestingService"""
_SEQUENCES = """OtherPatientIDsSequence RequestAttributesSequence ReferringPhysicianIdentificationSequence
    ConsultingPhysicianIdentificationSequence PhysiciansOfRecordIdentificationSequence PerformingPhysicianIdentificationSequence
    PhysiciansReadingStudyIdentificationSequence OperatorIdentificationSequence ReferencedPatientAliasSequence
    ContentSequence VerifyingObserverSequence AuthorObserverSequence ParticipantSequence ActualHumanPerformersSequence
    OriginalAttributesSequence ModifiedAttributesSequence PersonNamesToUseSequence ROIInterpreterSequence"""


@cache
def identity_tags() -> tuple[frozenset[int], frozenset[int], frozenset[int], frozenset[int]]:
    """Tags of people (every PN of the dictionary), identifiers, places, and of sequences that hold such."""
    people: set[int] = set()
    named: dict[str, int] = {}
    for text, row in table().items():
        if "X" not in text and text != "PRIVATE":
            named[row["k"]] = int(text, 16)
            if row["vr"] == "PN":
                people.add(int(text, 16))
    numbers, places, sequences = (
        frozenset(named[k] for k in words.split() if k in named) for words in (_IDENTIFIERS, _PLACES, _SEQUENCES)
    )
    return frozenset(people), numbers, places, sequences


@cache
def all_identity_tags() -> frozenset[int]:
    """Every tag whose value decides who the subject is and what is known of the people around."""
    return frozenset().union(*identity_tags()) | {ISSUER, CHARACTER_SET}


def gather(
    tokens: list[Token],
    explicit: bool,
    vrs: Mapping[int, tuple[bytes, ...]],
    *,
    key: bytes,
    centre: str | None,
    known_people: tuple[str, ...] = (),
    known_identifiers: tuple[str, ...] = (),
    keep_weekday: bool = False,
) -> tuple[Subject, bytes]:
    """The subject of a data set and its Specific Character Set.

    Identity is (centre, PatientID), or (IssuerOfPatientID, PatientID) where `centre` is None. Without a PatientID the study
    stands for
    the person, so that two people never meet under an empty number.
    """
    by_tag = {token.tag: token for token in tokens}
    characters = by_tag[CHARACTER_SET].value if CHARACTER_SET in by_tag else b""
    decode = charset.decoder(characters)

    def text(tag: int) -> str:
        return decode(by_tag[tag].value).strip(" \0") if tag in by_tag else ""

    found: tuple[list[str], list[str], list[str]] = ([*known_people], [*known_identifiers], [])
    _collect(tokens, explicit, vrs, decode, found, 0)
    patient = text(PATIENT_ID) or "\0study " + text(STUDY_UID)
    place = centre if centre is not None else text(ISSUER)
    return (
        Subject(
            key=key,
            centre=centre or "",
            pseudonym=pseudonym(key, place, patient),
            shift_days=date_shift_days(key, place, patient, keep_weekday=keep_weekday),
            known=Known(*found),
        ),
        characters,
    )


def _collect(
    tokens: list[Token],
    explicit: bool,
    vrs: Mapping[int, tuple[bytes, ...]],
    decode: Callable[[bytes], str],
    found: tuple[list[str], list[str], list[str]],
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
                _collect(item, inner_explicit, vrs, decode, found, depth + 1)
        elif token.vr == b"PN" or tag in people:
            found[0].extend(decode(token.value).strip(" \0").split("\\"))
        elif tag in numbers:
            found[1].extend(part.strip() for part in decode(token.value).strip(" \0").split("\\"))
        elif tag in places:
            found[2].extend(part.strip() for part in decode(token.value).strip(" \0").split("\\"))

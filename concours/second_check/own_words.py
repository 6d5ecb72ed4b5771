"""What a file gives away about its own patient: a header that still names somebody lends its identifiers to the search."""

import re

from concours.second_check import tags
from concours.second_check.dicom_rules import character_sets, is_neutral, readings
from concours.second_check.dicom_tokens import DicomFile

_NAMES = frozenset(
    {
        tags.PatientName,
        tags.OtherPatientNames,
        tags.PatientBirthName,
        tags.PatientMotherBirthName,
        tags.ReferringPhysicianName,
        tags.PerformingPhysicianName,
        tags.NameOfPhysiciansReadingStudy,
        tags.PhysiciansOfRecord,
        tags.OperatorsName,
        tags.ResponsiblePerson,
    }
)
_NUMBERS = frozenset(
    {
        tags.PatientID,
        tags.OtherPatientIDs,
        tags.MedicalRecordLocator,
        tags.AccessionNumber,
        tags.PatientTelephoneNumbers,
        tags.AdmissionID,
        tags.ServiceEpisodeID,
    }
)
_BIRTH = tags.PatientBirthDate
_PATIENT_NAME, _PATIENT_ID = tags.PatientName, tags.PatientID
_SHARED_UIDS = "1.2.840.10008."


def names_its_patient(parsed: DicomFile) -> bool:
    """True when the header still holds a name or a number of a patient that is no pseudonym: the file was never
    de-identified.
    """
    return any(
        token.tag in (_PATIENT_NAME, _PATIENT_ID, _BIRTH) and not is_neutral(_text(token.value), token.tag)
        for token in parsed.tokens
        if token.path.count("(") == 1
    )


def own_identifiers(parsed: DicomFile) -> set[str]:
    """Names, numbers, the birth date, and, of a file that names its patient, its dates and UIDs: they are the originals."""
    codecs = character_sets(parsed)
    named = names_its_patient(parsed)
    identifiers: set[str] = set()
    for token in parsed.tokens:
        value = bytes(token.value[:1024]).rstrip(b"\x00 ")
        if not value:
            continue
        if token.tag in _NAMES | _NUMBERS or token.vr == "PN":
            for text in readings(value, codecs)[:1]:
                if not is_neutral(text, token.tag):
                    identifiers |= {part.strip() for part in re.split(r"[\\^=]", text) if len(part.strip()) >= 3}
        elif token.tag == _BIRTH and named:
            identifiers.add(value.decode("latin-1"))
        elif named and (
            token.vr in ("DA", "DT") or (token.vr == "" and re.fullmatch(rb"(?:19|20)\d{6}(?:\d{6}[.\d]*)?", value))
        ):
            identifiers |= {day[:8] for day in value.decode("latin-1").split("\\") if len(day) >= 8}
        elif named and token.vr in ("UI", "") and re.fullmatch(rb"[0-9.]{16,64}", value) and value.count(b".") >= 4:
            uid = value.decode("latin-1")
            if not uid.startswith(_SHARED_UIDS):
                identifiers.add(uid)
    return identifiers


def _text(value: memoryview) -> str:
    return bytes(value[:256]).decode("latin-1").strip("\x00 ")

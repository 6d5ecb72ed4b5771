"""Tags that the engine itself reads or writes, by their keyword in PS3.6 (a test compares them with the dictionary)."""

FileMetaInformationGroupLength = 0x00020000
FileMetaInformationVersion = 0x00020001
MediaStorageSOPClassUID = 0x00020002
MediaStorageSOPInstanceUID = 0x00020003
TransferSyntaxUID = 0x00020010
ImplementationClassUID = 0x00020012
ImplementationVersionName = 0x00020013
SpecificCharacterSet = 0x00080005
ImageType = 0x00080008
SOPClassUID = 0x00080016
SOPInstanceUID = 0x00080018
Modality = 0x00080060
CodeValue = 0x00080100
CodingSchemeDesignator = 0x00080102
CodeMeaning = 0x00080104
LongCodeValue = 0x00080119
StudyDescription = 0x00081030
SeriesDescription = 0x0008103E
PatientName = 0x00100010
PatientID = 0x00100020
IssuerOfPatientID = 0x00100021
ClinicalTrialSubjectID = 0x00120040
ClinicalTrialSubjectReadingID = 0x00120042
PatientIdentityRemoved = 0x00120062
DeidentificationMethod = 0x00120063
DeidentificationMethodCodeSequence = 0x00120064
BodyPartExamined = 0x00180015
ProtocolName = 0x00181030
SequenceOfUltrasoundRegions = 0x00186011
RegionLocationMinX0 = 0x00186018
RegionLocationMinY0 = 0x0018601A
RegionLocationMaxX1 = 0x0018601C
RegionLocationMaxY1 = 0x0018601E
StudyInstanceUID = 0x0020000D
SeriesInstanceUID = 0x0020000E
SamplesPerPixel = 0x00280002
PhotometricInterpretation = 0x00280004
PlanarConfiguration = 0x00280006
NumberOfFrames = 0x00280008
Rows = 0x00280010
Columns = 0x00280011
BitsAllocated = 0x00280100
BitsStored = 0x00280101
HighBit = 0x00280102
PixelRepresentation = 0x00280103
BurnedInAnnotation = 0x00280301
LongitudinalTemporalInformationModified = 0x00280303
ContainerIdentifier = 0x00400512
SpecimenIdentifier = 0x00400551
ValueType = 0x0040A040
TextValue = 0x0040A160
ExtendedOffsetTable = 0x7FE00001
ExtendedOffsetTableLengths = 0x7FE00002
FloatPixelData = 0x7FE00008
DoubleFloatPixelData = 0x7FE00009
PixelData = 0x7FE00010
Item = 0xFFFEE000
ItemDelimitationItem = 0xFFFEE00D
SequenceDelimitationItem = 0xFFFEE0DD


def tag_text(tag: int) -> str:
    """A tag as reports show it: (gggg,eeee) in hexadecimal."""
    return f"({tag >> 16:04x},{tag & 0xFFFF:04x})"

"""Plants invented identifiers wherever DICOM can hide them and notes each in the answer key."""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag

from benchmarks.deid_corpus.objects import Made, in_charset
from benchmarks.deid_corpus.people import Person

TABLE = Path(__file__).parents[2] / "concours" / "deid" / "profile" / "table.json"
_HEX = re.compile(r"^[0-9A-F]{8}$")
# Attributes without which the object would be another object; planting there would make the file unsound instead of
# identifying.
_STRUCTURAL = {
    "00080016",
    "00080018",
    "0020000D",
    "0020000E",
    "00080005",
    "00080060",
    "FFFCFFFC",
    "FFFAFFFA",
    "04000561",
}
_UNLISTED = (
    "WindowCenterWidthExplanation", "LUTExplanation", "SequenceName", "ConvolutionKernel", "FilterType",
    "SoftwareVersions", "ManufacturerModelName", "ReceiveCoilName", "ImageID", "StackID", "AlgorithmName",
    "PlateType", "RescaleType", "ModalityLUTType", "AcquisitionDeviceProcessingCode", "ReconstructionMethod",
    "DimensionDescriptionLabel", "ApplicationName", "ContrastBolusRoute",
)  # fmt: skip


@dataclass
class Plant:
    """One planted identifier: `where` is a tag path or the name of a hiding place, `needles` the strings that must not
    survive there.
    """

    where: str
    kind: str
    needles: list[str]


@dataclass
class TextBlock:
    """Burned-in writing: frame, rows and columns (half open), what it says, letter height and grey contrast."""

    frame: int
    rows: tuple[int, int]
    columns: tuple[int, int]
    text: str
    height: int
    contrast: int


def table_rows() -> dict[str, dict[str, object]]:
    """Rows of PS3.15 Table E.1-1 that are single, known attributes."""
    rows = json.loads(TABLE.read_text(encoding="utf-8"))
    return {tag: row for tag, row in rows.items() if _HEX.match(tag) and "a" in row}


def sentences(person: Person, rng: random.Random) -> Iterator[tuple[str, str, list[str]]]:
    """Endless (kind, text, needles) in French and English, with spellings, orders and date formats people use."""
    family, given_name = person.family, person.given_name
    doctor_family, doctor_given = person.doctor_names
    birth = person.birth
    ascii_family = _without_accents(family)
    while True:
        yield from rng.sample(
            [
                ("name", f"{family} {given_name}", [family, given_name]),
                ("name", f"{given_name} {family.upper()} contrôle", [family, given_name]),
                ("name", f"Mme {ascii_family.lower()} a jeun", [ascii_family]),
                (
                    "name",
                    f"{_without_accents(given_name)}_{ascii_family}",
                    [ascii_family, _without_accents(given_name)],
                ),
                ("id", f"IPP {person.record_number}", [person.record_number]),
                ("id", f"dossier {person.other_id} / {person.record_number}", [person.other_id, person.record_number]),
                ("date", f"ne(e) le {birth:%d/%m/%Y}", [f"{birth:%d/%m/%Y}"]),
                ("date", f"DOB {birth:%Y-%m-%d} FU", [f"{birth:%Y-%m-%d}"]),
                ("date", f"seen {birth:%d.%m.%y}", [f"{birth:%d.%m.%y}"]),
                (
                    "phone",
                    f"tel {' '.join(re.findall('..', person.phone))}",
                    [" ".join(re.findall("..", person.phone))],
                ),
                ("email", f"{person.email} prevenir", [person.email]),
                ("address", f"{person.street}, {person.town}", [person.street]),
                ("third party", f"adresse par Dr {doctor_given} {doctor_family}", [doctor_family]),
                ("third party", f"discussed with Dr. {doctor_family}", [doctor_family]),
            ],
            14,
        )


def _without_accents(text: str) -> str:
    import unicodedata

    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def plant_header(sample: Made, rng: random.Random, rows: int = 24) -> list[Plant]:
    """The ordinary elements, a random draw of the table's rows, unlisted text, codes, and the hidden places of a dataset."""
    plants = list(_ordinary(sample))
    sentence_source = sentences(sample.person, rng)
    plants += _table_draw(sample, rng, sentence_source, rows)
    for keyword in rng.sample(_UNLISTED, 5):
        if keyword not in sample.dataset or keyword in ("ConvolutionKernel", "SequenceName"):
            plants.append(_set_text(sample, keyword, next(sentence_source)))
    plants += _nested(sample, rng, sentence_source)
    return plants


def _ordinary(sample: Made) -> Iterator[Plant]:
    person, ds = sample.person, sample.dataset
    yield Plant("(0010,0010)", "name", [person.family, person.given_name])
    yield Plant("(0010,0020)", "id", [person.record_number])
    yield Plant("(0010,0030)", "date", [ds.PatientBirthDate])
    yield Plant("(0008,0050)", "id", [ds.AccessionNumber])
    yield Plant("(0008,0090)", "third party", [sample.person.doctor_names[0]])
    for keyword in ("StudyDate", "SeriesDate", "ContentDate"):
        yield Plant(_path(Tag(keyword)), "date", [ds.StudyDate])
    sentence_source = {
        "SR": [
            ("(0040,a730)[0].(0040,a123)", "third party", sample.person.doctor_names[:1]),
            ("(0040,a730)[1].(0040,a123)", "name", [person.family, person.given_name]),
            ("(0040,a730)[2].(0040,a121)", "date", [ds.PatientBirthDate]),
            ("(0040,a730)[3].(0040,a160)", "name", [person.family, person.given_name]),
        ],
        "RTSTRUCT": [("(3006,0020)[0].(3006,0026)", "name", [person.family]), ("(3006,0002)", "name", [person.family])],
        "PR": [
            (
                "(0070,0001)[0].(0070,0008)[0].(0070,0006)",
                "name",
                [person.family, person.given_name, person.record_number],
            ),
            ("(0070,0081)", "name", [person.family, person.given_name]),
        ],
        "PDF": [("(0042,0010)", "name", [person.family]), ("(0042,0011)", "name", [person.family])],
        "SEG": [("(0070,0084)", "third party", sample.person.doctor_names[:1])],
    }
    for where, kind, needles in sentence_source.get(sample.kind, []):
        yield Plant(where, kind, list(needles))


def _path(tag: BaseTag) -> str:
    return f"({tag.group:04x},{tag.element:04x})"


_TEXT_LIMITS = {"SH": 16, "LO": 64, "ST": 1024, "LT": 10240, "UT": 10240, "UC": 10240}


def _fitting(sample: Made, vr: str, sentence: tuple[str, str, list[str]]) -> tuple[str, str, list[str]]:
    """The sentence as this VR can hold it: in the character set, cut to the VR's length; needles that were cut away go."""
    kind, text, needles = sentence
    text = in_charset(text, sample.person)[: _TEXT_LIMITS[vr]].rstrip()
    needles_kept = [in_charset(needle, sample.person) for needle in needles]
    needles_kept = [
        needle for needle in needles_kept if needle in text or needle.upper() in text or needle.lower() in text
    ]
    if not needles_kept:
        return "id", f"IPP{sample.person.record_number}", [sample.person.record_number]
    return kind, text, needles_kept


def _set_text(sample: Made, keyword: str, sentence: tuple[str, str, list[str]]) -> Plant:
    vr = dictionary_VR(keyword)
    if vr == "CS":
        name = re.sub(r"[^A-Z ]", "", _without_accents(sample.person.family).upper())[:16].strip()
        value, needles, kind = (name or sample.person.record_number), [name or sample.person.record_number], "name"
    else:
        kind, value, needles = _fitting(sample, vr if vr in _TEXT_LIMITS else "SH", sentence)
    setattr(sample.dataset, keyword, value)
    return Plant(_path(Tag(keyword)), kind, needles)


def _table_draw(
    sample: Made, rng: random.Random, sentence_source: Iterator[tuple[str, str, list[str]]], count: int
) -> list[Plant]:
    rows = table_rows()
    free = [
        t
        for t in rows
        if t not in _STRUCTURAL and int(t, 16) not in sample.dataset and not t.startswith(("0002", "0004", "0000"))
    ]
    plants = []
    for tag in rng.sample(sorted(free), count):
        plant = _set_by_vr(sample, Tag(int(tag, 16)), str(rows[tag]["vr"]), rng, sentence_source)
        if plant is not None:
            plants.append(plant)
    return plants


def _set_by_vr(
    sample: Made, tag: BaseTag, vr: str, rng: random.Random, sentence_source: Iterator[tuple[str, str, list[str]]]
) -> Plant | None:
    person, ds, where = sample.person, sample.dataset, _path(tag)
    day = sample.study_date + timedelta(days=rng.randrange(-3, 4))
    if vr == "PN":
        third = rng.random() < 0.5
        ds.add_new(tag, vr, in_charset(person.doctor, person) if third else person.dicom_name)
        return (
            Plant(where, "third party", person.doctor_names[:1])
            if third
            else Plant(where, "name", [person.family, person.given_name])
        )
    if vr in _TEXT_LIMITS:
        kind, text, needles = _fitting(sample, vr, next(sentence_source))
        ds.add_new(tag, vr, text)
        return Plant(where, kind, needles)
    if vr == "DA":
        ds.add_new(tag, vr, f"{day:%Y%m%d}")
        return Plant(where, "date", [f"{day:%Y%m%d}"])
    if vr == "DT":
        ds.add_new(tag, vr, f"{day:%Y%m%d}101112.5")
        return Plant(where, "date", [f"{day:%Y%m%d}"])
    if vr == "TM":
        ds.add_new(tag, vr, "101112")
        return None
    if vr == "UI":
        uid = f"1.2.826.0.1.3680043.8.498.77{rng.randrange(10**20, 10**21)}"
        ds.add_new(tag, vr, uid)
        return Plant(where, "uid", [uid])
    if vr == "UR":
        ds.add_new(tag, vr, f"https://pacs.example/{person.record_number}")
        return Plant(where, "id", [person.record_number])
    if vr == "AE":
        ds.add_new(tag, vr, f"AE{person.record_number}")
        return Plant(where, "id", [person.record_number])
    if vr == "SQ":
        item = Dataset()
        kind, text, needles = _fitting(sample, "LO", next(sentence_source))
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "T-1", "99LOCAL", text
        ds.add_new(tag, vr, Sequence([item]))
        return Plant(f"{where}[0].(0008,0104)", kind, needles)
    if vr in ("OB", "OW", "UN", "OB or OW"):
        raw = f"{_without_accents(person.family)} {person.record_number} ".encode("ascii", "ignore")
        ds.add_new(tag, "OB", raw + b" " * (len(raw) % 2))
        return Plant(where, "id", [person.record_number])
    return None


def _nested(sample: Made, rng: random.Random, sentence_source: Iterator[tuple[str, str, list[str]]]) -> list[Plant]:
    """Identifiers inside sequences that stay, public in private, private in public, and UN that holds a sequence or a name."""
    ds, person = sample.dataset, sample.person
    plants = []
    request = Dataset()
    kind, text, needles = _fitting(sample, "LO", next(sentence_source))
    request.RequestedProcedureDescription = text
    plants.append(Plant("(0040,0275)[0].(0032,1060)", kind, needles))
    request.add_new(0x00090010, "LO", "INVENTED PRIVATE 1")
    kind, text, needles = _fitting(sample, "LO", next(sentence_source))
    request.add_new(0x00091001, "LO", text)
    plants.append(Plant("(0040,0275)[0].(0009,1001)", kind, needles))
    ds.RequestAttributesSequence = Sequence([request])

    procedure = Dataset()
    kind, text, needles = _fitting(sample, "LO", next(sentence_source))
    procedure.CodeValue, procedure.CodingSchemeDesignator, procedure.CodeMeaning = "CTTHX", "99LOCAL", text
    ds.ProcedureCodeSequence = Sequence([procedure])
    plants.append(Plant("(0008,1032)[0].(0008,0104)", kind, needles))

    inner, outer = Dataset(), Dataset()
    inner.PatientName = person.dicom_name
    inner.PatientBirthDate = ds.PatientBirthDate
    outer.add_new(0x00290010, "LO", "INVENTED PRIVATE 2")
    outer.add_new(0x00291020, "SQ", Sequence([inner]))
    ds.add_new(0x00290010, "LO", "INVENTED PRIVATE 2")
    ds.add_new(0x00291010, "SQ", Sequence([outer]))
    plants.append(Plant("(0029,1010)[0].(0029,1020)[0].(0010,0010)", "name", [person.family, person.given_name]))
    ds.add_new(
        0x00291011,
        "UN",
        f"{_without_accents(person.family)} {person.phone}  ".encode("ascii", "replace")[:-1][:40].ljust(40),
    )
    plants.append(Plant("(0029,1011)", "phone", [person.phone]))

    if rng.random() < 0.6:
        ds.add_new(0x00291012, "UN", _implicit_sequence(person))
        plants.append(Plant("(0029,1012)", "id", [person.record_number]))
    if rng.random() < 0.5:
        ds[0x00101040] = DataElement(0x00101040, "UN", _even(person.street.encode("ascii", "replace")))
        plants.append(Plant("(0010,1040)", "address", [person.street]))
    if rng.random() < 0.5:
        ds[0x00321070] = DataElement(
            0x00321070, "UN", _even(f"pour {_without_accents(person.family)}".encode("ascii", "replace"))
        )
        plants.append(Plant("(0032,1070)", "name", [_without_accents(person.family)]))
    if rng.random() < 0.4:
        ds.add_new(0x11100010, "LO", f"PAT {person.record_number}")
        plants.append(Plant("(1110,0010)", "id", [person.record_number]))
    if rng.random() < 0.3:
        ds.add_new(0x50000022, "LO", f"courbe {person.record_number}")
        ds.add_new(0x50003000, "OB", _even(f"{person.record_number};{person.phone}".encode()))
        plants += [Plant("(5000,0022)", "id", [person.record_number]), Plant("(5000,3000)", "phone", [person.phone])]
    if rng.random() < 0.3:
        certificate, mac = Dataset(), Dataset()
        certificate.CertificateType = "X509_1993_SIG"
        certificate.CertificateOfSigner = _even(f"CN={person.doctor_names[0]} {person.record_number}".encode())
        certificate.DigitalSignatureUID = "1.2.826.0.1.3680043.8.498.5"
        mac.MACIDNumber, mac.MACAlgorithm = 1, "SHA256"
        ds.add_new(0x4FFE0001, "SQ", Sequence([mac]))
        ds.add_new(0xFFFAFFFA, "SQ", Sequence([certificate]))
        plants.append(Plant("(fffa,fffa)[0].(0400,0115)", "id", [person.record_number]))
    if rng.random() < 0.4:
        ds.add_new(
            0xFFFCFFFC,
            "OB",
            _even(f"\x00\x00{person.record_number} {_without_accents(person.given_name)}".encode("ascii", "replace")),
        )
        plants.append(Plant("(fffc,fffc)", "id", [person.record_number]))
    if rng.random() < 0.4:
        ds[0x00181030] = DataElement(0x00181030, "UN", _even(b"THORAX\x00" + f"{person.record_number}".encode()))
        plants.append(Plant("(0018,1030)", "id", [person.record_number]))
    return plants


def _even(raw: bytes) -> bytes:
    return raw + b" " * (len(raw) % 2)


def _implicit_sequence(person: Person) -> bytes:
    """A sequence in implicit little endian as UN carries it (PS3.5 6.2.2): one item with PatientName and PatientID."""
    name = _even(_without_accents(person.family).encode("ascii", "replace"))
    number = _even(person.record_number.encode())
    content = b"\x10\x00\x10\x00" + len(name).to_bytes(4, "little") + name
    content += b"\x10\x00\x20\x00" + len(number).to_bytes(4, "little") + number
    return b"\xfe\xff\x00\xe0" + len(content).to_bytes(4, "little") + content + b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"


def _drawn(text: str, rows: int, columns: int, height: int = 10) -> np.ndarray:
    image = Image.new("L", (columns, rows), 0)
    ImageDraw.Draw(image).text((2, 2), text, fill=255, font=ImageFont.load_default(height * 1.35))
    return np.asarray(image) > 127


def plant_graphics(sample: Made, rng: random.Random) -> list[Plant]:
    """A drawn overlay plane with a label, a graphic in the high bits of native pixels, and an icon that shows the name."""
    if sample.pixels is None or sample.kind not in ("CT", "MR", "SC", "CR", "DX"):
        return []
    ds, person, plants = sample.dataset, sample.person, []
    rows, columns = sample.pixels.shape[:2]
    name = _without_accents(person.family)
    if rng.random() < 0.4:
        ds.add_new(0x60000010, "US", rows)
        ds.add_new(0x60000011, "US", columns)
        ds.add_new(0x60000022, "LO", f"trace {person.record_number}")
        ds.add_new(0x60000040, "CS", "G")
        ds.add_new(0x60000050, "SS", [1, 1])
        ds.add_new(0x60000100, "US", 1)
        ds.add_new(0x60000102, "US", 0)
        bits = np.packbits(_drawn(name, rows, columns).ravel(), bitorder="little").tobytes()
        ds.add_new(0x60003000, "OW", _even(bits))
        ds.add_new(0x60004000, "LT", in_charset(f"{person.family} {person.given_name}", person))
        plants += [
            Plant("(6000,3000)", "name", ["<any>"]),
            Plant("(6000,0022)", "id", [person.record_number]),
            Plant("(6000,4000)", "name", [in_charset(person.family, person)]),
        ]
    if rng.random() < 0.4:
        icon = Dataset()
        icon.SamplesPerPixel, icon.PhotometricInterpretation, icon.Rows, icon.Columns = 1, "MONOCHROME2", 64, 64
        icon.BitsAllocated = icon.BitsStored = 8
        icon.HighBit, icon.PixelRepresentation = 7, 0
        icon.PixelData = (_drawn(name, 64, 64, 9) * np.uint8(255)).astype(np.uint8).tobytes()
        icon["PixelData"].VR = "OB"
        ds.IconImageSequence = Sequence([icon])
        plants.append(Plant("(0088,0200)[0].(7fe0,0010)", "name", ["<any>"]))
    return plants


def plant_high_bits(sample: Made) -> list[Plant]:
    """The record number as text, one bit a pixel, in the bits above BitsStored (native unsigned 16-bit pixels only)."""
    ds = sample.dataset
    if sample.pixels is None or sample.pixels.dtype != np.uint16 or ds.BitsStored > 14:
        return []
    message = np.unpackbits(np.frombuffer((sample.person.record_number * 9).encode(), dtype=np.uint8))
    flat = sample.pixels.view(np.uint16).reshape(-1)
    size = min(flat.size, message.size)
    flat[:size] |= message[:size].astype(np.uint16) << np.uint16(15)
    return [Plant("high bits", "id", ["<any>"])]


def burn_text(sample: Made, rng: random.Random) -> list[TextBlock]:
    """Two or three lines of identity drawn into the pixels of US, SC, CR and DX, in all frames of a clip."""
    if sample.pixels is None or sample.kind not in ("US", "SC", "CR", "DX"):
        return []
    person = sample.person
    latin = person.family.isascii() or person.charset in ("ISO_IR 100", "ISO_IR 192")
    family = person.family if latin and not person.charset.endswith("144") else "Luksemburg"
    lines = [f"{family} {person.given_name if latin else 'E'}", f"{person.record_number} {person.birth:%d/%m/%Y}"]
    if rng.random() < 0.5:
        lines.append(
            in_charset(sample.person.centre, person)[:26] if person.charset != "ISO_IR 144" else "Clinique Fictive"
        )
    frames = sample.pixels if sample.kind == "US" else sample.pixels[None]
    top = (1 << sample.dataset.BitsStored) - 1
    height = rng.choice((9, 10, 12, 14, 16))
    share = rng.choice((0.35, 0.6, 1.0))
    blocks = []
    y = 4 if sample.kind == "US" else rng.choice((6, frames.shape[1] - len(lines) * (height + 6) - 6))
    for line in lines:
        if sample.kind == "US" and y + height + 4 > 40:
            break
        mask = _drawn(line, frames.shape[1], frames.shape[2], height)
        mask = np.roll(mask, (y, 6), axis=(0, 1))
        used_rows, used_columns = np.nonzero(mask)
        for number, frame in enumerate(frames):
            frame[mask] = top * share
            blocks.append(
                TextBlock(
                    number,
                    (int(used_rows.min()), int(used_rows.max()) + 1),
                    (int(used_columns.min()), int(used_columns.max()) + 1),
                    line,
                    height,
                    int(255 * share),
                )
            )
        y += height + 6
    return blocks


def as_json(plant: Plant | TextBlock) -> dict[str, object]:
    return asdict(plant)

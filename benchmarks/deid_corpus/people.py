"""Sixteen invented patients of two hospitals, with everything that could name them; the first two share one record number."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

CENTRES = ("Hôpital Imaginaire Sainte-Ophélie", "Clinique Fictive de Nullepart")
ISSUERS = ("HISO", "CFDN")

# family, given, DICOM character set, ideographic group, phonetic group
_NAMES = (
    ("Quilleveré", "Maëlys", "ISO_IR 100", "", ""),
    ("Brzezinski-Lefort", "Théodule", "ISO_IR 192", "", ""),
    ("O'Shaughnessy", "Fionnuala", "ISO_IR 100", "", ""),
    ("De La Fouchardière", "Côme", "ISO_IR 100", "", ""),
    ("Weißgärber", "Jürgen", "ISO_IR 100", "", ""),
    ("Yamashiro", "Tarou", "ISO 2022 IR 6\\ISO 2022 IR 87", "山城^太郎", "やましろ^たろう"),
    ("Люксембургская", "Евдокия", "ISO_IR 144", "", ""),
    ("N'Guessan", "Aya-Désirée", "ISO_IR 192", "", ""),
    ("Papadopoulou", "Evangelía", "ISO_IR 192", "", ""),
    ("Vandenbroucke", "Gwendoline", "ISO_IR 100", "", ""),
    ("Etchegoyhen", "Maïtena", "ISO_IR 100", "", ""),
    ("Ó Súilleabháin", "Muireann", "ISO_IR 100", "", ""),
    ("Tchikladzé", "Nino", "ISO_IR 192", "", ""),
    ("Montalescot", "Hyacinthe", "ISO_IR 100", "", ""),
    ("Kowalczyk", "Bartłomiej", "ISO_IR 192", "", ""),
    ("Ravoahangy", "Lalaina", "ISO_IR 100", "", ""),
)
_DOCTORS = ("Delaunay^Sébastien^^Dr", "Marchetti^Giulia^^Dr", "Whitcombe^Rosalind^^Prof", "Bouvier^Clémence^^Dr")
_STREETS = ("rue des Inventés", "impasse du Néant", "Fictional Road", "avenue Imaginaire")
_TOWNS = ("Nullepart", "Faketown", "Villefausse", "Irréelle-sur-Mer")


@dataclass(frozen=True)
class Person:
    """One invented patient at one centre; `visits` are study dates."""

    number: int
    centre: str
    issuer: str
    record_number: str
    other_id: str
    family: str
    given_name: str
    charset: str
    ideographic: str
    phonetic: str
    birth: date
    sex: str
    street: str
    town: str
    phone: str
    email: str
    social_number: str
    doctor: str
    visits: tuple[date, ...]

    @property
    def dicom_name(self) -> str:
        groups = [f"{self.family}^{self.given_name}", self.ideographic, self.phonetic]
        return "=".join(groups).rstrip("=")

    @property
    def doctor_names(self) -> list[str]:
        return self.doctor.split("^")[:2]

    def identifiers(self) -> list[str]:
        """Every string that names this person: what a quarantine that still holds the originals knows."""
        parts = [
            self.family,
            self.given_name,
            self.record_number,
            self.other_id,
            self.birth.strftime("%Y%m%d"),
            self.phone,
        ]
        parts += [self.email, self.social_number, f"{self.street} {self.town}", *self.doctor_names]
        parts += [piece for group in (self.ideographic, self.phonetic) for piece in group.split("^") if piece]
        return parts


def make_people(seed: int, count: int = 16) -> list[Person]:
    """`count` patients (at most 16 distinct names, then numbered variants), two or three visits each, alternating between
    two centres.
    """
    rng = random.Random(seed)
    people: list[Person] = []
    for number in range(count):
        family, given_name, charset, ideographic, phonetic = _NAMES[number % len(_NAMES)]
        if number >= len(_NAMES):
            given_name += "-" + _NAMES[(number * 7) % len(_NAMES)][1]
            charset, ideographic, phonetic = "ISO_IR 192", "", ""
        centre = number % 2
        record = f"{rng.randrange(10**6, 10**7)}"
        if number == 1:
            record = people[0].record_number
        first = date(2015, 1, 5) + timedelta(days=rng.randrange(1500))
        visits = [first]
        for _ in range(1 + number % 2):
            visits.append(visits[-1] + timedelta(days=rng.randrange(20, 400)))
        birth = date(1930, 1, 1) + timedelta(days=rng.randrange(25000))
        sex = "FM"[number % 2]
        people.append(
            Person(
                number=number,
                centre=CENTRES[centre],
                issuer=ISSUERS[centre],
                record_number=record,
                other_id=f"H2-{rng.randrange(10**5, 10**6)}",
                family=family,
                given_name=given_name,
                charset=charset,
                ideographic=ideographic,
                phonetic=phonetic,
                birth=birth,
                sex=sex,
                street=f"{rng.randrange(1, 99)} {rng.choice(_STREETS)}",
                town=f"{rng.randrange(10000, 95999)} {rng.choice(_TOWNS)}",
                phone="0" + "".join(f"{rng.randrange(10)}" for _ in range(9)),
                email=f"contact{rng.randrange(10**4, 10**5)}@courriel.example",
                social_number=f"{1 + number % 2}{birth:%y%m}{rng.randrange(10**9, 10**10)}",
                doctor=_DOCTORS[number % len(_DOCTORS)],
                visits=tuple(visits),
            )
        )
    return people

"""Which headers speak of a head, from which a face can be rendered; one list for the flag and for blanking."""

from collections.abc import Iterable

from concours.deid.words import plain

MODALITIES = ("CT", "MR", "PT")
HEAD = (
    "head",
    "brain",
    "skull",
    "tete",
    "crane",
    "cerv",
    "cereb",
    "neck",
    "cou",
    "sinus",
    "orbit",
    "orl",
    "face",
    "facial",
    "encep",
    "neuro",
)
ELSEWHERE = (
    *(
        "thorax",
        "thorac",
        "chest",
        "lung",
        "poumon",
        "abdo",
        "pelv",
        "bassin",
        "liver",
        "foie",
        "hepat",
        "renal",
        "kidney",
    ),
    *(
        "rein",
        "knee",
        "genou",
        "hip",
        "hanche",
        "lumb",
        "lomb",
        "cardiac",
        "coeur",
        "heart",
        "breast",
        "sein",
        "prostat",
    ),
    *(
        "shoulder",
        "epaule",
        "ankle",
        "cheville",
        "foot",
        "pied",
        "hand",
        "main",
        "wrist",
        "poignet",
        "femur",
        "leg",
        "jambe",
    ),
)


def may_show_face(modality: str, descriptions: Iterable[str]) -> bool:
    """Whether a volume may show a face when rendered: CT, MR or PET whose descriptions name a head or neck, or nothing at all."""
    words = plain(" ".join(descriptions))
    return modality in MODALITIES and (not words.strip() or any(word in words for word in HEAD))


def is_elsewhere(descriptions: Iterable[str]) -> bool:
    """Whether the descriptions name another part of the body and no head."""
    words = plain(" ".join(descriptions))
    return any(word in words for word in ELSEWHERE) and not any(word in words for word in HEAD)

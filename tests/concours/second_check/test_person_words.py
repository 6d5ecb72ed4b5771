"""Single names in the texts of an image are found by the second check with its own lists, and words of imaging are not."""

import pytest

from concours.second_check.letters import plain
from concours.second_check.person_words import also_imaging, common, imaging, listed_names, name_in


@pytest.mark.parametrize("write", [str.upper, str.lower, str.title])
@pytest.mark.parametrize("text", ["CT THORAX {}", "{} axial", "T1_{}_SAG", "FILTRE {}", "{}1"])
def test_every_listed_name_is_found_in_any_case(text: str, write) -> None:
    missed = {name for name in listed_names() if name_in(text.format(write(name))) is None}
    assert missed <= also_imaging()


@pytest.mark.parametrize(
    "name",
    [
        "KOWALCZEK",
        "VANDERBEEK",
        "Dupontel",
        "GARCI'A",
        "G A R C I A",
        "DUPONT-MARTIN",
        "DUPONT_JEAN",
        "Nguyễn",
        "김희중",
        "Иванова",
        "王小明",
    ],
)
def test_names_of_no_list_of_any_script_and_with_any_sign(name: str) -> None:
    assert name_in(f"CT THORAX {name}")


@pytest.mark.parametrize(
    "text",
    [
        "t2_spc_da-fl_sag_p2_iso_1.0", "*spcir_242ns", "LUNG 1.0 B60f",
        "TDM THORACO-ABDOMINO-PELVIENNE INJECTEE", "Ax T2 FRFSE +C",
        "scanner de l'épaule", "AbdRoutine 5.0 B30f", "Cholangio-IRM", "T2 FLAIR Parkinson protocol", "SOMATOM Definition AS+",
        "coloscanner à l'eau", "unehanced sagital", "hydronéphrose", "supraclavicular", "MR BREAST BILAT", "mDIXON-W",
    ],
)  # fmt: skip
def test_words_of_imaging_are_no_names(text: str) -> None:
    assert name_in(text) is None


def test_the_lists_do_not_contradict_each_other() -> None:
    assert not listed_names() & common()
    assert listed_names() & imaging() <= also_imaging()
    assert all(word == plain(word) for word in listed_names() | common() | imaging())

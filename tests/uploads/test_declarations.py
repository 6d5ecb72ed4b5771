"""A submission to a question with declarations begins with their confirmation, on the page and by the API alike."""

from __future__ import annotations

import pytest

from concours.commands.main import find
from core.errors import InvalidInputError
from tests.factories.people import member_of, team_in
from tests.factories.questions import question
from uploads import tus
from uploads.creation import begin_upload
from uploads.models import Upload

DECLARATIONS = {"rules": {"declarations": [{"en": "No outside data.", "fr": "Aucune donnée extérieure."}]}}


def headers(**words: str) -> dict[str, str]:
    named = {"question": "cup/prognosis", "kind": "submission", "filename": "a.csv", **words}
    return {"tus-resumable": tus.VERSION, "upload-length": "10", "upload-metadata": tus.format_metadata(named)}


@pytest.mark.django_db
def test_no_byte_is_taken_without_the_declarations() -> None:
    declaring = question("prognosis", DECLARATIONS)
    sender = member_of(team_in(declaring, "Owls"))
    for words in ({}, {"declares": "0"}):
        with pytest.raises(InvalidInputError, match=r"No outside data\."):
            begin_upload(sender, headers(**words))
    assert not Upload.objects.exists()
    upload = begin_upload(sender, headers(declares="1"))
    assert upload.metadata["declares"] == "1"


@pytest.mark.django_db
def test_a_question_without_declarations_needs_none() -> None:
    assert begin_upload(member_of(team_in(question("prognosis"), "Owls")), headers()).pk


def test_the_client_confirms_them() -> None:
    from argparse import ArgumentParser

    parser = ArgumentParser()
    find("submit").add_arguments(parser)
    assert parser.parse_args(["a/b", "f.csv", "--declares"]).declares is True

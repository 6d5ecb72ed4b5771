"""Every table is declared in `config/database_access.py`: what web, intake, worker, scorer and sweeper may do with it."""

from __future__ import annotations

from django.apps import apps

from config.database_access import ACCESS, ROLES


def test_every_model_is_declared_and_no_other() -> None:
    labels = {model._meta.label for model in apps.get_models(include_auto_created=True)}
    assert labels == set(ACCESS), "declare what each process may do with the table: config/database_access.py"


def test_only_the_scorer_reads_what_is_sealed() -> None:
    for label in ("uploads.SealedAnnotation", "scoring.CaseScore"):
        assert {role for role in ROLES if "r" in ACCESS[label].of(role)} == {"scorer"}
    assert {role for role in ROLES if "u" in ACCESS["core.AuditRecord"].of(role)} == {"sweeper"}
    assert not any("d" in ACCESS["core.AuditRecord"].of(role) for role in ROLES)

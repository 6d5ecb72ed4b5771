"""A role that may read some columns reads these and no others."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.core.management import call_command

from tests.databases import fresh_postgres, fresh_roles, swapped_default

pytestmark = pytest.mark.postgres


def test_intake_knows_who_has_a_second_factor_and_reads_no_secret(django_db_blocker: Any, settings: Any) -> None:
    with django_db_blocker.unblock(), fresh_postgres() as url, fresh_roles(url) as roles:
        settings.ROLE_PASSWORDS = roles.passwords.split(",")
        with swapped_default(url):
            call_command("database_roles", verbosity=0)
        with psycopg.connect(roles.addresses["intake"], autocommit=True) as intake:
            intake.execute("SELECT 1 FROM mfa_authenticator WHERE user_id = 1 AND type <> 'recovery_codes'")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                intake.execute("SELECT data FROM mfa_authenticator")
        with psycopg.connect(roles.addresses["web"], autocommit=True) as web:
            web.execute("SELECT 1 FROM uploads_sealedannotation WHERE annotation_id = 1")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                web.execute("SELECT value FROM uploads_sealedannotation")

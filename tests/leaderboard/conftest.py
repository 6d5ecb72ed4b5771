"""One connection a test: nothing beats in a thread of its own, which would wait for the test's transaction."""

from typing import Any

import pytest

from tests.scoring_app.test_jury import judged

__all__ = ["judged"]


@pytest.fixture(autouse=True)
def no_heartbeat(settings: Any) -> None:
    settings.WORK_HEARTBEAT_SECONDS = 3600

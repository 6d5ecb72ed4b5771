"""Work is done in the test's own transaction."""

from tests.batches.conftest import no_heartbeat

__all__ = ["no_heartbeat"]

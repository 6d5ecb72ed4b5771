"""Work is done in the test's own transaction; a question with a jury."""

from tests.batches.conftest import no_heartbeat
from tests.scoring.test_jury import judged

__all__ = ["judged", "no_heartbeat"]

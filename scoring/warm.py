"""What the fork server imports once, so that a child that seals, checks or scores starts in milliseconds."""

from batches import building
from scoring import engine_run

__all__ = ["building", "engine_run"]

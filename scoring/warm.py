"""What the fork server imports once, so that a child that seals, checks or scores starts in milliseconds."""

import cv2
from scipy import optimize, spatial

from batches import building
from scoring import engine_run

__all__ = ["building", "cv2", "engine_run", "optimize", "spatial"]

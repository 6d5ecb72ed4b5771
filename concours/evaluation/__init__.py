"""Scores a submission against the truth: pairing by kind, metrics, ranking, statistics and image embedding."""

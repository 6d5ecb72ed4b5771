"""A tiny app with one slow stage, for tests that kill its worker."""

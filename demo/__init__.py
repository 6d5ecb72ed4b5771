"""Plays whole challenges over HTTP: real clients against the running site. Imports no app."""

"""Replays of published editions at their true size: clients that speak HTTP, against a site whose clock they move."""

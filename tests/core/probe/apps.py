"""A tiny app with one slow stage, for tests that kill its worker."""

from django.apps import AppConfig


class ProbeConfig(AppConfig):
    name = "tests.core.probe"
    label = "probe"

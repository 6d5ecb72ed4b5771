"""The probe's one stage."""

from core.registry import Stage

STAGES = (Stage("probe", "Probe", "tests.core.probe.slow.slow_stage"),)

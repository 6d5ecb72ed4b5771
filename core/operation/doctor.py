"""Examines a site, part after part. A check that fails itself is a problem of its part; the others still run."""

from __future__ import annotations

from collections.abc import Sequence

from core.failures import describe
from core.operation import machine, queue, services
from core.operation.findings import Check, Health, SiteFinding, problem

CHECKS: dict[str, Check] = {
    "environment": machine.environment,
    "database": services.database,
    "migrations": services.migrations,
    "redis": services.redis,
    "stores": services.stores,
    "folders": machine.data_folder,
    "disk": machine.disk,
    "clock": services.clock,
    "mail": services.mail,
    "workers": queue.workers,
    "audit": queue.audit,
    "sandbox": machine.sandbox,
    "names": machine.names,
}


def examine(only: Sequence[str] = ()) -> list[SiteFinding]:
    """The findings of every check, or of those named."""
    findings: list[SiteFinding] = []
    for name in only or CHECKS:
        try:
            findings.extend(CHECKS[name]())
        except Exception as error:
            findings.append(problem(name, f"The check failed: {describe(error)}.", "Report this to the developers."))
    return findings


def is_well(findings: Sequence[SiteFinding]) -> bool:
    return all(finding.health != Health.PROBLEM for finding in findings)

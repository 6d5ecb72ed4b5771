"""A jury member: marks blind cases by how clean their anatomy looks."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from concours.client.http import Client, SiteRefusedError


def mark_cases(address: str, token: str, challenge: str, question: str) -> int:
    site = Client(address, token)
    session = site.await_until(lambda: _session(site, f"{challenge}/{question}"))
    marked = 0
    for case in session["cases"]:
        marks = {criterion["name"]: look(site, case["id"]) for criterion in session["criteria"]}
        site.post(f"jury/sessions/{session['id']}/mark/", {"case": case["id"], "marks": marks}, repeatable=True)
        marked += 1
    site.post(f"jury/sessions/{session['id']}/finish/", repeatable=True)
    return marked


def _session(site: Client, question: str) -> dict[str, Any] | None:
    """One's own session, once the cases are chosen."""
    try:
        session: dict[str, Any] = site.post("jury/sessions/", {"question": question}, repeatable=True)
    except SiteRefusedError:
        return None
    return session if session["cases"] else None


def look(site: Client, case: str) -> int:
    """0 to 4: contrast between the lesion's rim and the liver in the first image, which odd generators lose."""
    response = site.send("GET", f"/api/v1/jury/cases/{case}/images/", repeatable=True)
    response.raise_for_status()
    image = np.load(io.BytesIO(response.content), allow_pickle=False)[0].astype(float)
    bright = np.percentile(image[image > 0], 98) if (image > 0).any() else 0.0
    middle = np.percentile(image[image > 0], 60) if (image > 0).any() else 1.0
    return int(np.clip(round((bright / max(middle, 1.0) - 1.0) * 3), 0, 4))

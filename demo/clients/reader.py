"""A radiologist: looks at each exam of the queue and grades it by its noise."""

from __future__ import annotations

import numpy as np

from concours.client.http import Client


def read_queue(address: str, token: str) -> int:
    """Grades until the queue is empty."""
    site = Client(address, token)
    graded = 0
    while waiting := site.every("readings/", state="waiting"):
        for reading in waiting:
            site.post(f"readings/{reading['id']}/grade/", {"grade": look(site, reading["id"])}, repeatable=True)
            graded += 1
    return graded


def look(site: Client, reading: str) -> str:
    """A to D by the noise inside the body: neighbouring voxels of one tissue differ by noise alone."""
    response = site.send("GET", f"/api/v1/readings/{reading}/volume/", repeatable=True)
    response.raise_for_status()
    shape = tuple(int(side) for side in response.headers["X-Shape"].split(","))
    volume = np.frombuffer(response.content, "<i2").reshape(shape).astype(float)
    plane = volume[shape[0] // 2]
    step = np.abs(np.diff(plane, axis=1))
    inside = (plane[:, :-1] > plane.min() + 60) & (step < 400)
    noise = float(np.median(step[inside])) if inside.any() else 0.0
    return "D" if noise > 40 else "B" if noise > 12 else "A"

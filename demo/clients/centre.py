"""A centre: accepts its invitation, is turned away until it has signed, sends its exams and waits for each verdict."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from concours.client.http import Client, SiteRefusedError
from demo.clients.joining import join
from demo.editions import Edition
from demo.phantoms.phantom import Phantom
from demo.phantoms.real import real_exams


def send_exams(address: str, token: str, secret: str, edition: Edition, centre: str) -> dict[str, Any]:
    """Every exam of this centre; exam -> verdict of the platform."""
    site = Client(address, token)
    site.post("invitations/accept/", {"secret": secret})
    mine = [order for order in edition.orders if order.centre == centre]
    first = mine[0].make()
    _is_turned_away(site, edition, mine[0].question, first)
    join(site, edition.slug, "centre", f"Responsable {centre}")
    uploads = []
    for order in mine:
        phantom = order.make()
        uploads.append(send(site, edition.slug, order.question, phantom))
    for question in edition.questions:
        uploads += [send(site, edition.slug, question, phantom) for phantom in real_exams(question, centre)]
    return {"sent": len(uploads), "exams": _verdicts(site, uploads)}


def _is_turned_away(site: Client, edition: Edition, question: str, phantom: Phantom) -> None:
    """Before the charter is signed no byte is taken."""
    try:
        send(site, edition.slug, question, phantom)
    except SiteRefusedError as error:
        assert error.status == 403, error
        return
    raise AssertionError("an exam of a centre that has not signed was taken")


def send(site: Client, challenge: str, question: str, phantom: Phantom) -> str:
    """One zip an exam, stored, in a fixed order."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(phantom.files):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), phantom.files[name])
    return site.upload(
        target.getvalue(),
        question=f"{challenge}/{question}",
        kind="exam",
        filename=f"{phantom.name}.zip",
        letter_given="1" if phantom.letter else "0",
        values=json.dumps(phantom.values),
    )


def _verdicts(site: Client, uploads: list[str]) -> list[dict[str, Any]]:
    """The exams of these uploads, once each is decided or waits for a person."""

    def decided() -> list[dict[str, Any]] | None:
        for upload in uploads:
            if site.get(f"uploads/{upload}")["state"] in ("receiving", "stored"):
                return None
        uploads_sent = set(uploads)
        rows = [row for row in site.every("exams/") if row["upload"] in uploads_sent]
        return rows if all(row["state"] in ("accepted", "refused", "review") for row in rows) else None

    return site.await_until(decided, pause=1.0)

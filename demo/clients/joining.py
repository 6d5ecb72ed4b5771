"""Signing the charter in force, which every door asks for."""

from __future__ import annotations

from concours.client.http import Client


def accept(address: str, token: str, secret: str, challenge: str, audience: str, name: str) -> None:
    """Accepts the invitation and signs."""
    site = Client(address, token)
    site.post("invitations/accept/", {"secret": secret})
    join(site, challenge, audience, name)


def join(site: Client, challenge: str, audience: str, name: str) -> None:
    for charter in site.every("charters/", challenge=challenge, audience=audience):
        if charter["in_force"] and not charter["signed"]:
            site.post(f"charters/{charter['id']}/sign/", {"name": name}, repeatable=True)

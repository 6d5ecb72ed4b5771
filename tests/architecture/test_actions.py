"""The API does all that the pages do, and the pages all that the API does."""

from __future__ import annotations

from tests.architecture.actions import ACTIONS, NOT_OF_A_CHALLENGE, OF_DIFFERENT_ROWS, OWN_SETTINGS, WITHOUT_OWN_PAGE
from tests.architecture.test_routes import table


def changing() -> tuple[set[str], set[str]]:
    """Routes by which something can be changed: pages by name, API endpoints as `METHOD name`.

    A namespace marks a page. What answers 405 to everybody who is signed in takes no such request.
    """
    pages, endpoints = set(), set()
    for key, statuses in table().items():
        method, name = key.split()
        if method == "GET" or name.startswith(NOT_OF_A_CHALLENGE) or set(statuses[1:]) == {"405"}:
            continue
        if ":" in name:
            pages.add(name)
        else:
            endpoints.add(key)
    return pages, endpoints


def test_every_action_of_a_page_has_its_endpoint() -> None:
    pages, _endpoints = changing()
    assert pages - set(OWN_SETTINGS) == set(ACTIONS)


def test_every_endpoint_named_here_exists() -> None:
    assert {endpoint for endpoint in ACTIONS.values() if endpoint not in table()} == set()


def test_every_changing_endpoint_is_an_action_of_a_page() -> None:
    _pages, endpoints = changing()
    assert endpoints - set(ACTIONS.values()) == set(WITHOUT_OWN_PAGE)


def test_a_page_and_its_endpoint_admit_the_same_people() -> None:
    """A role that the page turns away (403, 404, to sign in) is turned away by the endpoint too, and the other way round.

    An empty request is sent to both; where one of them needs to know first what it is about, it answers 400 or 404 to all,
    and the pair says nothing.
    """
    away, wrong = {"302", "401", "403", "404", "405"}, []
    for page, endpoint in ACTIONS.items():
        of_page, of_endpoint = table()[f"POST {page}"], table()[endpoint]
        if page in OF_DIFFERENT_ROWS or len(set(of_page[1:])) == 1 or len(set(of_endpoint[1:])) == 1:
            continue
        for column, (entry, other) in enumerate(zip(of_page[1:], of_endpoint[1:], strict=True)):
            refused = entry in away - {"302"}, other in away
            if refused[0] != refused[1]:
                wrong.append(f"{page} {entry} / {endpoint} {other} (column {column + 1})")
    assert wrong == []

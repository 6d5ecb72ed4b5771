"""A timeline shows at a glance what is over, what is open and what comes next."""

from __future__ import annotations

from datetime import UTC, datetime

from django.template.loader import render_to_string

from challenges.timeline import Moment


def moment(day: int, title: str, state: str) -> Moment:
    return Moment(at=datetime(2026, 5, day, tzinfo=UTC), title=title, note="", state=state)


def test_the_past_is_folded_and_the_next_moment_counts_down() -> None:
    rows = [moment(1, "First", "done"), moment(2, "Second", "done"), moment(3, "Open one", "now")]
    rows += [moment(4, "Coming", "next"), moment(5, "Later", "next")]
    page = render_to_string("components/timeline.html", {"moments": rows})
    past, _today, coming = page.partition('class="timeline-today"')
    assert "First" in past and "Second" in past and "<details" in past and "2 dates in the past" in past
    assert "First" not in coming and coming.count("data-countdown") == 1
    assert coming.index("Open one") < coming.index("Coming") < coming.index("data-countdown") < coming.index("Later")


def test_a_timeline_that_is_over_is_shown_unfolded() -> None:
    page = render_to_string("components/timeline.html", {"moments": [moment(1, "Only", "done")]})
    assert "open>" in page.replace('"timeline-past" open', "open") and "timeline-today" not in page

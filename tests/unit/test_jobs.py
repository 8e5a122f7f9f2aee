"""The nouns around a job."""

from __future__ import annotations

import re

import pytest

from bandstand import jobs
from bandstand.jobs import FINAL, MAY_FOLLOW, Event, EventKind, Status, may_precede, new_id


def test_nothing_follows_a_final_status():
    assert {status for status in Status if not MAY_FOLLOW[status]} == FINAL
    assert {status for status in Status if status.is_final} == FINAL


def test_every_final_status_can_be_reached_from_the_first():
    reached = {Status.QUEUED}
    for _ in Status:
        reached |= {after for status in reached for after in MAY_FOLLOW[status]}

    assert reached == set(Status)


def test_what_may_precede_is_the_inverse_of_what_may_follow():
    for before in Status:
        for after in Status:
            assert (before in may_precede(after)) == (after in MAY_FOLLOW[before])


def test_drawing_names_every_status():
    assert set(re.findall(r"[A-Z]{5,}", jobs.__doc__ or "")) == set(Status.__members__)


def test_ids_are_26_lower_case_characters_and_all_different():
    ids = {new_id() for _ in range(1000)}

    assert len(ids) == 1000
    assert all(re.fullmatch("[a-z2-7]{26}", one) for one in ids)


@pytest.mark.parametrize("status", Status)
def test_only_the_event_of_a_final_status_ends_the_events(status: Status):
    told = Event(job="a", number=1, kind=EventKind.STATUS, detail={"status": status.value}, at=0.0)

    assert told.is_final == status.is_final


def test_log_line_that_names_a_status_ends_nothing():
    line = {"line": "succeeded", "status": "succeeded"}

    assert not Event(job="a", number=1, kind=EventKind.LOG, detail=line, at=0.0).is_final

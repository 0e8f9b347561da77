"""A failure that is met again and again is logged when it changes, not each time."""

from __future__ import annotations

import logging

import pytest

from jobs.processes.log import Repeated


def test_it_is_said_once_and_when_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    failures = Repeated(logging.getLogger("part"))
    failures.over()
    for _ in range(50):
        failures.warn("the disk is full")
    failures.warn("the database is away")
    failures.over()
    failures.warn("the disk is full")
    assert caplog.messages == [
        "the disk is full",
        "the database is away",
        "over: the database is away",
        "the disk is full",
    ]

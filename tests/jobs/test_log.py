"""A failure that is met again and again is logged when it changes, not each time."""

from __future__ import annotations

import logging

import pytest

from jobs.processes import log
from jobs.processes.log import Repeated


def test_it_is_said_once_of_each_kind_and_when_it_is_over(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    failures = Repeated(logging.getLogger("part"))
    failures.over()
    for _ in range(50):
        failures.warn("the disk is full")
    for number in range(50):
        failures.warn(f"frame {number} can't be read", "unreadable")
    failures.over()
    failures.warn("the disk is full")
    failures.warn("the disk is full")
    monkeypatch.setattr(log, "REPEAT_S", 0.0)
    failures.warn("the disk is full")
    assert caplog.messages == [
        "the disk is full",
        "frame 0 can't be read",
        "over: the disk is full",
        "over: unreadable",
        "the disk is full",
        "1 more like the last of kind 'the disk is full'",
        "the disk is full",
    ]

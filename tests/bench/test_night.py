"""Tonight with 2,000 frames: how long the server takes for each part of the page."""

from __future__ import annotations

import datetime as dt
import gc
import time
from typing import Any

import numpy as np
import pytest
from peewee import chunked

from db import database as bound
from db.models import File, Run, User, utc_now
from services.night import frames, overview, trends
from services.night.work import work
from tests.support import builders
from tests.support.bench.table import row

pytestmark = [pytest.mark.bench, pytest.mark.usefixtures("database")]

N_FRAMES = 2000
N_NIGHTS = 60
GOAL_MS = 200
NIGHT = dt.date(2024, 3, 9)
STAGES = (2, 3, 4)


def fill(owner: Any) -> list[int]:
    """Write a night of frames with three products and runs each, and other nights before it."""
    like = builders.row("0000.fits", owner, night=NIGHT)
    facts = {k: v for k, v in like.__data__.items() if k not in ("id", "original", "parent")}
    began = dt.datetime(2024, 3, 9, 23, tzinfo=dt.UTC)
    rows = []
    for number in range(N_FRAMES):
        when = began + dt.timedelta(seconds=20 * number)
        raw = 1000 + number
        same = {
            **facts,
            "date_obs": when,
            "created": when,
            "night": NIGHT,
            "original": raw,
            "rotator": number % 360,
            "elevation": 60.0,
        }
        for stage in (0, *STAGES):
            one = {
                **same,
                "id": raw + 10_000 * stage,
                "data_type": stage,
                "parent": raw + 10_000 * (stage - 1) if stage > 2 else raw,
                "file_name": f"{stage}_{number:04d}.fits",
                "run_id": raw + 10_000 * stage,
                "full_path": f"/nowhere/{stage}/{number}",
                "checksum": f"{raw}-{stage}",
                "quality": quality(stage, number),
            }
            rows.append(one)
    for day in range(1, N_NIGHTS):
        when = began - dt.timedelta(days=day)
        for number in range(100):
            name = f"o{day}_{number}"
            rows.append(
                {
                    **facts,
                    "id": 100_000 + 100 * day + number,
                    "night": when.date(),
                    "date_obs": when,
                    "original": None,
                    "parent": None,
                    "file_name": name,
                    "run_id": None,
                    "quality": {},
                    "full_path": f"/old/{name}",
                    "checksum": name,
                }
            )
    names = ("reduce", "extract", "wavelength")
    runs = [
        {
            "id": raw + 10_000 * stage,
            "file": raw + 10_000 * (stage - 1) if stage > 2 else raw,
            "proposal": owner,
            "block": block,
            "state": "done",
            "exposure": began,
            "queued": utc_now(),
        }
        for raw in range(1000, 1000 + N_FRAMES)
        for stage, block in zip(STAGES, names, strict=True)
    ]
    with bound.atomic():
        for table, given in ((File, rows), (Run, runs)):
            for batch in chunked(given, 200):
                table.insert_many(batch).execute()
    return [1000 + number for number in range(N_FRAMES)]


def quality(stage: int, number: int) -> dict[str, Any]:
    drift = np.sin(number / 100)
    return {
        0: {},
        2: {"bias_level_adu": 500 + drift, "read_noise_electron": 3.9},
        3: {"target": 1, "fwhm_arcsec": 1 + drift / 4, "median_snr": 30.0, "sky_electron": 9.0},
        4: {"rms_angstrom": 0.05, "resolution_angstrom": 5.0},
    }[stage]


def milliseconds(do: Any, times: int = 25) -> tuple[float, float]:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        do()
        taken.append(1000 * (time.perf_counter() - began))
    return float(np.median(taken)), float(np.percentile(taken, 95))


def test_a_night_of_two_thousand_frames(capsys: pytest.CaptureFixture[str]) -> None:
    pi = builders.person("pi")
    staff = builders.person("staff", is_staff=True)
    ids = fill(builders.proposal("SOAR2024A-001", pi))
    gc.collect()
    gc.freeze()  # as the server does

    def page(user: User, number: int) -> None:
        overview.counts(user, NIGHT)
        overview.neighbours(user, NIGHT)
        overview.nights(user)
        found = overview.page(user, NIGHT, "", number)
        assert len(frames.rows(user, found.rows)) == 100

    asked = {
        "first page, PI": lambda: page(pi, 1),
        "last page, PI": lambda: page(pi, N_FRAMES // 100),
        "first page, staff": lambda: page(staff, 1),
        "one frame changed": lambda: frames.rows(pi, ids[-1:]),
        "trends": lambda: trends.of_night(pi, NIGHT),
        "queue and workers": lambda: work(pi),
    }
    with capsys.disabled():
        for name, do in asked.items():
            middle, slow = milliseconds(do)
            what = f"Tonight, {N_FRAMES} frames: {name}"
            row(what, f"{middle:.0f}, p95 {slow:.0f} ms", f"p95 ≤ {GOAL_MS} ms", "–")

"""The demo night: ``python -m jobs.watching.replay`` writes simulated frames to a watched folder.

The night is the last complete one, at the hours of the telescope; its first and last targets are
standard stars. After a restart the replay
continues where it stopped; it ends when all frames are there.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import secrets
import sys
import time
from pathlib import Path

from config import Config
from db import database
from db.models import Proposal
from jobs import wiring
from jobs.processes import log as process_log
from jobs.processes.parent_death import die_with_supervisor
from reduction.simulation import NightPlan, write_frame
from reduction.simulation.exposures import expose
from reduction.simulation.light import Exposure
from reduction.simulation.standards.places import visible
from services.accounts import accounts
from services.errors import ServiceError
from services.proposals import proposals

log = logging.getLogger(__name__)

PROPOSAL = "SOAR2026B-001"
USERNAME = "demo"
SEED = 7
N_SCIENCE = 12
FIRST_FRAME = dt.time(19, 30)
"""UTC of the first bias: afternoon at the telescope."""
NIGHT = dt.timedelta(hours=8)
"""More than the demo night lasts, from the first bias to the last lamp."""
DARK, LAST_STAR = dt.timedelta(hours=4), dt.timedelta(hours=6)
"""From the first bias to the standard stars, one before the targets and one after them."""
CALIBRATION_PACE = 0.2
"""Biases and flats come faster than the night's frames by this factor."""


def demo_account() -> tuple[str, str]:
    """Return the username and a new password of the demo proposal's PI; create what is missing.

    Raises
    ------
    Conflict
        Another account has the demo's name or proposal.
    """
    password = secrets.token_urlsafe(9)
    user = accounts.find(USERNAME)
    if user is None:
        user, _ = accounts.create_user(
            username=USERNAME,
            email="demo@example.org",
            password=password,
            first_name="Demo",
            last_name="Observer",
        )
    else:
        accounts.set_password(user, password)
    known = Proposal.get_or_none(Proposal.soar_id == PROPOSAL)
    if known is None or known.is_placeholder:
        proposals.create(
            None,
            soar_id=PROPOSAL,
            title="Demo night: white dwarfs, galaxies and a supernova",
            abstract="Simulated frames of the Goodman spectrograph, replayed one by one.",
            pi=user,
        )
    return USERNAME, password


def plan_of(folder: Path, now: dt.datetime) -> NightPlan:
    """Return the plan stored in `folder`; the first start creates it."""
    stored = folder / "night.json"
    try:
        start = dt.datetime.fromisoformat(json.loads(stored.read_text(encoding="utf-8"))["start"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        start = _start_of_last_night(now)
        folder.mkdir(parents=True, exist_ok=True)
        part = stored.with_suffix(".part")
        part.write_text(json.dumps({"start": start.isoformat()}), encoding="utf-8")
        part.replace(stored)
    return NightPlan(
        SEED,
        n_science=N_SCIENCE,
        start=start,
        proposal=PROPOSAL,
        standards=standards_of(start),
    )


def standards_of(start: dt.datetime) -> tuple[str, str]:
    """Return the two standard stars with which a night begins and ends."""
    last = visible(start + LAST_STAR)
    return visible(start + DARK, without=(last,)), last


def missing(plan: NightPlan, folder: Path) -> list[Exposure]:
    """Return the exposures of the plan whose frames are not in `folder`, in order."""
    return [
        exposure for exposure in plan.exposures if not (folder / exposure.facts.file_name).exists()
    ]


def replay(plan: NightPlan, raw: Path, interval: float) -> None:
    """Write the missing frames, one every `interval` seconds; calibrations come faster."""
    folder = raw / plan.start.strftime("%Y-%m-%d")
    folder.mkdir(parents=True, exist_ok=True)
    for left_over in folder.glob(".*.part"):
        left_over.unlink()
    for exposure in missing(plan, folder):
        began = time.monotonic()
        kind = exposure.facts.kind
        write_frame(expose(exposure, plan.optics, plan.detector(kind)), folder)
        pace = CALIBRATION_PACE if kind in ("bias", "flat") else 1.0
        time.sleep(max(0.0, pace * interval - (time.monotonic() - began)))


def _start_of_last_night(now: dt.datetime) -> dt.datetime:
    start = dt.datetime.combine(now.date(), FIRST_FRAME, tzinfo=dt.UTC)
    while start + NIGHT > now:
        start -= dt.timedelta(days=1)
    return start


def main() -> int:
    """Entry point of the process."""
    die_with_supervisor()
    process_log.to_stderr("demo night")
    config = Config.from_env()
    wiring.connect(config)
    try:
        with database.connection_context():
            username, password = demo_account()
    except ServiceError as error:
        log.warning("the demo account could not be created: %s", error.message)
    else:
        print(f"Demo account: {username}, password: {password}", flush=True)  # noqa: T201
    plan = plan_of(config.demo_dir.parent, dt.datetime.now(dt.UTC))
    replay(plan, config.demo_dir, config.demo_interval)
    log.info("the demo night is over: %d frames", len(plan.exposures))
    return 0


if __name__ == "__main__":
    sys.exit(main())

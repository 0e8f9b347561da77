"""From the shutter to the spectrum: frames dropped into the folder of an idle server.

Prints, for ten frames, the seconds until the calibrated spectrum is in the API, and how they are
shared between the steps; for a night that is copied at once, those until all is calibrated.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import numpy as np
import pytest
from astropy.io import fits

from reduction.simulation import simulate_night
from tests.support.bench.table import row
from tests.support.live_site import LiveSite, until

pytestmark = pytest.mark.bench

N_FRAMES = 10
SETUP = "400_M2"
NIGHT = timedelta(hours=6)
"""More than the simulated night lasts."""
GOALS = {"2x2": "0.4 s", "1x1": "1.2 s"}


class Drop:
    """A server with calibrations and a lamp, and frames that have not been taken yet."""

    def __init__(self, folder: Path, binning: tuple[int, int]) -> None:
        raw, later = folder / "raw", folder / "later"
        raw.mkdir()
        start = datetime.now(UTC) - NIGHT  # nothing may be dated in the future
        paths = simulate_night(
            later, seed=7, setup=SETUP, binning=binning, n_science=N_FRAMES + 1, start=start
        )
        self.frames = [p for p in paths if _is_science(p)]
        for path in paths:
            if path not in self.frames[1:]:
                os.rename(path, raw / path.name)
        self.frames = self.frames[1:]
        self.raw = raw
        self.site = LiveSite(GSP_RAW_DIRS=str(raw)).start()
        self.token = self.site.staff_token()
        until(lambda: self.n_spectra() >= 1 and not self.live_runs(), 120, "the first spectrum")

    def n_spectra(self) -> int:
        return int(self.site.api("files/?data_type=4&page_size=1", self.token)["count"])

    def live_runs(self) -> int:
        states = "runs/?state=queued,running,waiting&page_size=1"
        return int(self.site.api(states, self.token)["count"])

    def drop(self, path: Path) -> dict[str, float]:
        """Put a frame into the folder; return seconds by step.

        ``total`` is until the list of the API has the first calibrated spectrum, asked when the
        stream of events announces it: to ask without end would take a processor from the workers.
        """
        before = self.n_spectra()
        _date_now(path)
        with closing(self.announcements()) as announced:
            next(announced)  # the stream is open
            began = time.time()
            os.rename(path, self.raw / path.name)
            while self.n_spectra() == before:
                if time.time() - began > 60:
                    pytest.fail(f"{path.name} has not become a spectrum within a minute")
                next(announced)
            steps = {"total": time.time() - began}
        until(lambda: not self.live_runs(), 60, "idle again")
        raw = self.site.api(f"files/?file_name={path.name}&data_type=0", self.token)["results"][0]
        steps["indexed after"] = _seconds(raw["created"]) - began
        family = self.site.api(f"files/?original_file_id={raw['id']}&page_size=100", self.token)
        runs = {
            run["id"]: run
            for file in family["results"]
            for run in self.site.api(f"runs/?file_id={file['id']}", self.token)["results"]
        }
        for _, run in sorted(runs.items(), reverse=True):  # the last word has the first target
            steps[f"{run['block']} queued"] = _seconds(run["started"]) - _seconds(run["queued"])
            steps[f"{run['block']} runs"] = _seconds(run["finished"]) - _seconds(run["started"])
        last = max(run["finished"] for run in runs.values())
        steps["spectra of all targets"] = _seconds(last) - began
        return steps

    def announcements(self) -> Iterator[None]:
        """Yield once when the stream of events is open, then for each new calibrated file."""
        headers = {"Authorization": f"Token {self.token}"}
        with urlopen(
            Request(f"{self.site.url}/api/events/", headers=headers), timeout=60
        ) as stream:
            yield
            for line in stream:
                if line.startswith(b"data:"):
                    event = json.loads(line.removeprefix(b"data:"))
                    if event.get("data_type") == "4" and event["name"] == "file-added":
                        yield


def _is_science(path: Path) -> bool:
    return fits.getval(path, "OBSTYPE") in ("OBJECT", "SPECTRUM")


def _date_now(path: Path) -> None:
    """Date a frame as if its shutter had closed this moment."""
    with fits.open(path, mode="update") as hdus:
        header = hdus[0].header
        opened = datetime.now(UTC) - timedelta(seconds=float(header["EXPTIME"]))
        header["DATE-OBS"] = opened.isoformat(timespec="milliseconds")[:23]


def _seconds(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp()


@pytest.fixture(params=[(2, 2), (1, 1)], ids=["2x2", "1x1"])
def drop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Drop]:
    made = Drop(tmp_path, request.param)
    yield made
    made.site.clean_up()


def test_a_frame_dropped_into_an_idle_server(
    drop: Drop, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = [drop.drop(path) for path in drop.frames]
    totals = [steps["total"] for steps in taken]
    name = request.node.callspec.id
    with capsys.disabled():
        print()
        row(
            f"file whole → calibrated spectrum in the API, {name}",
            f"{statistics.median(totals):.2f} s",
            GOALS[name],
            "–",
        )
        print(
            f"  {len(taken)} frames of {SETUP}: {min(totals):.2f} to {max(totals):.2f} s; median:"
        )
        for step in taken[0]:
            seconds = [steps[step] for steps in taken if step in steps]
            print(f"  {step:28s} {np.median(seconds):7.3f}")
    assert len(totals) == N_FRAMES


N_NIGHT_SCIENCE = 4
"""With ten biases, ten flats and the arcs around each exposure 29 frames."""


def test_a_night_dropped_at_once(
    make_site: Callable[..., LiveSite], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later, raw = tmp_path / "later", tmp_path / "raw"
    raw.mkdir()
    start = datetime.now(UTC) - timedelta(hours=30)
    frames = simulate_night(later, seed=11, setup=SETUP, n_science=N_NIGHT_SCIENCE, start=start)
    site = make_site(GSP_RAW_DIRS=str(raw)).start()
    time.sleep(2)  # what a start leaves to be done
    began = time.time()
    for path in frames:
        os.rename(path, raw / path.name)

    def n_calibrated() -> int:
        of_type = "SELECT count(DISTINCT original_id) FROM file WHERE data_type = 4"
        return int(site.rows(of_type)[0][0])

    until(lambda: n_calibrated() == N_NIGHT_SCIENCE, 120, "all is calibrated", every=0.02)
    seconds = time.time() - began
    with capsys.disabled():
        print()
        row(
            f"{len(frames)} raw frames 2x2 at once → all calibrated", f"{seconds:.2f} s", "3 s", "–"
        )

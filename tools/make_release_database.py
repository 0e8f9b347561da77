"""Make the database that the test of upgrades starts from: a site after some days of use.

The script drives a running site of that release through its published interfaces only (watched
folder, ``flask`` commands, JSON API), so it serves any release. In a copy of the release, with its
own virtual environment::

    GSP_HOME=/path/home GSP_PORT=8951 GSP_DEMO_INTERVAL=0.2 .venv/bin/python app.py
    GSP_HOME=/path/home .venv/bin/python /here/tools/make_release_database.py use 8951
    (stop the site)
    GSP_HOME=/path/home .venv/bin/python /here/tools/make_release_database.py dump OUT.sql.gz

`dump` writes the database as compressed SQL. The paths in it start with ``/srv/gsp``, the workers
are on a host ``worker``, and the events are left out.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

HOME = Path(os.environ["GSP_HOME"])
RAW = HOME / "demo" / "raw"
PROPOSAL = "SOAR2026B-014"
NIGHTS = (dt.date(2026, 10, 3), dt.date(2026, 10, 4))
NEUTRAL_HOME = "/srv/gsp"
PATIENCE_S = 900.0

_SIMULATE = """
import datetime as dt, sys
from pathlib import Path
from reduction.simulation import simulate_night
simulate_night(
    Path(sys.argv[1]), seed=int(sys.argv[2]), n_bias=int(sys.argv[3]), n_flat=int(sys.argv[4]),
    n_science=int(sys.argv[5]), rows=200, proposal=sys.argv[6],
    start=dt.datetime.fromisoformat(sys.argv[7]), slit=sys.argv[8], camera=sys.argv[9],
)
"""


class Site:
    """The JSON API of a running site, as one person."""

    def __init__(self, port: int, token: str) -> None:
        self.root = f"http://127.0.0.1:{port}/api"
        self.token = token

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer to a request; an error stops the script."""
        request = urllib.request.Request(
            self.root + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Token {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or b"null")

    def wait_until_idle(self) -> None:
        """Return when no run is queued or running."""
        deadline = time.monotonic() + PATIENCE_S
        quiet = 0
        while quiet < 5:
            if time.monotonic() > deadline:
                raise SystemExit("The site is still busy.")
            live = self.call("GET", "/runs/?state=queued,running&page_size=1")["count"]
            quiet = 0 if live else quiet + 1
            time.sleep(1)


def flask(*arguments: str, stdin: str = "") -> str:
    """Run a command of the release; return what it prints."""
    command = [sys.executable, "-m", "flask", "--app", "app", *arguments]
    done = subprocess.run(command, input=stdin, text=True, capture_output=True, check=True)
    return done.stdout.strip()


def simulate(
    folder: Path,
    seed: int,
    frames: tuple[int, int, int],
    start: dt.datetime,
    *,
    slit: str = "1.0_LONG_SLIT",
    camera: str = "Red",
) -> None:
    """Write a small night whose file names carry no date, as those of the instrument."""
    numbers = [str(number) for number in frames]
    temporary = HOME / "night" / str(seed)
    command = [sys.executable, "-c", _SIMULATE, str(temporary), str(seed), *numbers, PROPOSAL]
    subprocess.run([*command, start.isoformat(), slit, camera], check=True)
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(temporary.glob("*.fits")):
        path.rename(folder / f"{path.stem.rpartition('_')[0]}.fits")


def use(port: int) -> None:
    """Do what the people of a site do in some days."""
    token = flask(
        "user", "create", "--username", "operator", "--email", "operator@soar.example",
        "--staff", "--superuser", "--password-stdin", stdin="a long operator password\n",
    )  # fmt: off
    for name in ("pi", "observer"):
        flask("user", "create", "--username", name, "--email", f"{name}@soar.example", "--invite")
    flask("proposal", "create", "--soar-id", PROPOSAL, "--pi", "pi", "--title", "White dwarfs")
    site = Site(port, token)
    site.wait_until_idle()
    for seed, night in enumerate(NIGHTS, 1):
        evening = dt.datetime.combine(night, dt.time(20), dt.UTC)
        simulate(RAW / night.isoformat(), seed, (10, 10, 2), evening)
    time.sleep(20)
    site.wait_until_idle()
    _talk(site)
    _choose(site)
    _outdate(site)
    _degrade(site)
    _fail_and_cancel(site)
    _odd_arrivals()
    time.sleep(20)
    site.wait_until_idle()


def _files(site: Site, **filters: object) -> list[dict[str, Any]]:
    rows = site.call("GET", "/files/?page_size=1000")["results"]
    return [row for row in rows if all(row[name] == value for name, value in filters.items())]


def _science(site: Site, night: dt.date) -> list[dict[str, Any]]:
    return _files(site, night=night.isoformat(), kind="spectrum", data_type="0")


def _talk(site: Site) -> None:
    """Comment, change settings twice, add a collaborator, write a mail, classify a frame."""
    for night in NIGHTS:
        for row in _science(site, night):
            site.call(
                "POST", "/files/comments/", {"id": row["id"], "text": f"Thin clouds, {night}."}
            )
    number = next(
        row["id"]
        for row in site.call("GET", "/proposals/")["results"]
        if row["soar_id"] == PROPOSAL
    )
    settings = site.call("GET", f"/proposals/settings/{number}/")
    settings["extract"]["extraction_type"] = "optimal"
    site.call("PUT", f"/proposals/settings/{number}/", settings)
    settings["reduce"]["cosmic_rays"] = "none"
    site.call("PUT", f"/proposals/settings/{number}/", settings)
    person = {"email": "observer@soar.example", "action": "add"}
    site.call("POST", f"/proposals/collaborators/{number}/", person)
    mail = {"proposal_id": number, "subject": "Closed", "message": "Humidity is above 80 %."}
    site.call("POST", "/email/", mail)
    arc = _files(site, night=NIGHTS[0].isoformat(), kind="arc", data_type="0")[-1]
    site.call("POST", "/files/reclassify/", {"id": arc["id"], "obstype": "FOCUS"})
    site.wait_until_idle()


def _choose(site: Site) -> None:
    """Reduce a frame of the second night with the flat of the first."""
    frame = _science(site, NIGHTS[1])[0]
    [flat] = _files(site, night=NIGHTS[0].isoformat(), kind="flat", data_type="1")
    wanted = {"id": frame["id"], "calibrations": {"master_flat": flat["id"]}}
    site.call("POST", "/files/reduce/", wanted)
    site.wait_until_idle()


def _outdate(site: Site) -> None:
    """Let one more bias of the first night arrive: its master is made again."""
    evening = dt.datetime.combine(NIGHTS[0], dt.time(21, 30), dt.UTC)
    late = RAW / NIGHTS[0].isoformat() / "late"
    simulate(late, 9, (1, 0, 0), evening)
    for path in late.glob("*.fits"):
        path.rename(late.parent / f"1{path.name}")
    time.sleep(40)
    site.wait_until_idle()


def _degrade(site: Site) -> None:
    """Let frames arrive that no calibration fits fully: another slit, another camera."""
    evening = dt.datetime.combine(NIGHTS[0], dt.time(22), dt.UTC)
    for number, (slit, camera) in enumerate((("3.0_LONG_SLIT", "Red"), ("1.0_LONG_SLIT", "Blue"))):
        folder = RAW / NIGHTS[0].isoformat() / f"more{number}"
        simulate(folder, 20 + number, (0, 0, 1), evening, slit=slit, camera=camera)
        for path in folder.glob("*.fits"):
            path.rename(folder.parent / f"{number + 2}{path.name}")
    time.sleep(40)
    site.wait_until_idle()


def _fail_and_cancel(site: Site) -> None:
    """Make a run fail because its frame has gone, and cancel one that waits for an arc."""
    lost, kept = _science(site, NIGHTS[1])[:2]
    Path(lost["full_path"]).unlink()
    site.call("POST", "/files/reduce/", {"id": lost["id"], "settings": {"ignore_flats": True}})
    spectra = _files(site, original_file_id=kept["id"], data_type="3")
    absent = {"arc_choice": "fixed", "arc_name": "0999_COMP.fits"}
    body = {"id": spectra[0]["id"], "settings": absent}
    run = site.call("POST", "/files/spectrum/calibrate/wavelength/", body)
    site.call("POST", f"/runs/{run['id']}/cancel/")
    site.wait_until_idle()


def _odd_arrivals() -> None:
    """Put an unusable file, a copy and other content under a known name into the folder."""
    folder = RAW / NIGHTS[0].isoformat()
    frames = sorted(folder.glob("*.fits"))
    (folder / "copy").mkdir()
    (folder / "copy" / frames[0].name).write_bytes(frames[0].read_bytes())
    data = bytearray(frames[1].read_bytes())
    data[-4000:-3990] = bytes(10)
    (folder / "other").mkdir()
    (folder / "other" / frames[1].name).write_bytes(bytes(data))
    header = frames[2].read_bytes().replace(b"DATE-OBS", b"DATE-XXX", 1)
    (folder / "0900_unusable.fits").write_bytes(header)


def dump(out: Path) -> None:
    """Write the database as SQL text, compressed the same way every time."""
    with sqlite3.connect(HOME / "gsp.db") as database:
        database.execute("DELETE FROM event")
        lines = list(database.iterdump())
    text = "\n".join(lines).replace(str(HOME), NEUTRAL_HOME)
    text = text.replace(f"'{socket.gethostname()}:", "'worker:")
    out.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["use", port]:
            use(int(port))
        case ["dump", out]:
            dump(Path(out))
        case _:
            raise SystemExit(__doc__)

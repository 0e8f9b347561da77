"""A quarter of a million files: how long the API takes, for one script and for fifty at once.

The server is the real one, with a worker, on SQLite and on PostgreSQL. ``GSP_BENCH_SECONDS`` (300)
is how long the fifty go on; the first assertions are the goals.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

import db
from db.models import File, Membership, Proposal, User
from reduction.simulation import simulate_night
from tests.support import postgres
from tests.support.bench.years import SETUPS, SLITS, Years, fill
from tests.support.live_site import LiveSite, until

pytestmark = pytest.mark.bench

N_FILES = 250_000
N_CLIENTS = 50
SECONDS = float(os.environ.get("GSP_BENCH_SECONDS", "300"))
THINKING_S = 0.5
GOAL_S = 0.100
GOAL_ERRORS = 0.001


@dataclass
class Archive:
    """A running site with the years in it, and what can be asked of it."""

    site: LiveSite
    years: Years
    name: str
    raw: list[int]
    images: list[int]
    spectra: list[int]

    def ask(self, key: str, path: str, body: dict[str, Any] | None = None) -> float:
        """Ask as a script does, on a connection of its own; return the seconds it took."""
        request = Request(f"{self.site.url}/api/{path}", headers={"Authorization": f"Token {key}"})
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        began = time.perf_counter()
        with urlopen(request, timeout=30) as answer:
            answer.read()
        return time.perf_counter() - began

    def list_query(self, dice: random.Random) -> str:
        """Return a list with filters, as scripts and the manual ask for it."""
        grating, wavmode, filter_2, *_ = dice.choice(SETUPS)
        year, day = dice.randint(2018, 2024), f"{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}"
        return dice.choice(LISTS).format(
            grating=grating,
            wavmode=wavmode,
            filter_2=filter_2,
            year=year,
            day=day,
            object=quote(dice.choice(self.years.objects)),
            slit=dice.choice(SLITS),
            proposal=dice.choice(self.years.proposals),
            number=dice.randint(1000, 9999),
            page=dice.randint(2, 60),
            raw=dice.randint(1, self.years.n_files),
        )


LISTS = (
    "files/?data_type=0",
    "files/?data_type=4&date_from={year}-{day}",
    "files/?data_type=0,4&grating={grating}&date_from={year}-01-01&date_to={year}-12-31",
    "files/?obstype=OBJECT&object={object}&ordering=file_name",
    "files/?slit={slit}&filter_2={filter_2}&page={page}",
    "files/?wavmode={wavmode}&technique=Spectroscopy&data_type=2",
    "files/?file_name={number}",
    "files/?object_name=SN&date={year}-{day}",
    "files/?ra=150.0&dec=-30&radius=1d",
    "files/?proposal_id={proposal}&ordering=-exptime",
    "files/?original_file_id={raw}",
    "files/?obstype=COMP&grating={grating}&ordering=date&page_size=100",
)


@pytest.fixture(scope="module", params=["SQLite", "PostgreSQL"])
def archive(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Archive]:
    folder = tmp_path_factory.mktemp("night")
    settings = {"GSP_RAW_DIRS": str(folder), "GSP_WORKERS": "1"}
    with ExitStack() as cleaning:
        if request.param == "PostgreSQL":
            binaries = postgres.server_binaries()
            if binaries is None:
                pytest.skip(postgres.MISSING)
            settings["GSP_DATABASE_URL"] = cleaning.enter_context(postgres.server(binaries))
        site = LiveSite(**settings)
        cleaning.callback(site.clean_up)
        simulate_night(folder, seed=11, n_science=3)
        reduce_night(site)
        url = settings.get("GSP_DATABASE_URL", f"sqlite:///{site.home / 'gsp.db'}")
        db.connect(url)
        began = time.monotonic()
        years = fill(N_FILES, N_CLIENTS)
        print(
            f"\n{request.param}: {years.n_files} files filled in {time.monotonic() - began:.0f} s"
        )
        found = real_files()
        if not db.database.is_closed():
            db.database.close()
        yield Archive(site.start(), years, request.param, *found)


def reduce_night(site: LiveSite) -> None:
    """Let the site reduce the night in its folder, and stop it."""
    site.start()
    token = site.staff_token()
    until(
        lambda: (
            site.api("files/?data_type=4", token)["count"] >= 3
            and not site.api("runs/?state=waiting,queued,running", token)["count"]
        ),
        240,
        "the night is reduced",
    )
    site.stop()


def real_files() -> tuple[list[int], list[int], list[int]]:
    """Open the one real night to everybody; return its raw, image and spectrum files."""
    with db.database.connection_context():
        night = Proposal.get(Proposal.soar_id == "SOAR2026B-001")
        for user in User.select():
            Membership.get_or_create(proposal=night, user=user)
        real = list(File.select().where(File.proposal == night, File.run_id.is_null(False)))
        raw = [file.original_id for file in real if file.data_type == 2]
        images = [file.id for file in real if file.data_type == 2]
        return raw, images, [file.id for file in real if file.data_type >= 3]


def quantile(seconds: list[float], q: float) -> float:
    return sorted(seconds)[min(len(seconds) - 1, int(q * len(seconds)))]


def report(name: str, seconds: list[float], goal: str = "") -> None:
    p50, p95 = (1e3 * quantile(seconds, q) for q in (0.5, 0.95))
    print(f"  {name:58s} {len(seconds):6d} {p50:8.1f} {p95:8.1f}  {goal}")


HEAD = f"  {'':58s} {'n':>6s} {'p50/ms':>8s} {'p95/ms':>8s}  goal"


def begin(archive: Archive) -> None:
    """Wait until a server that has just started has its catalogue; print what lists took so far."""
    taken: list[float] = []
    while len(taken) < 200 and (len(taken) < 3 or max(taken[-3:]) > GOAL_S):
        taken.append(archive.ask(archive.years.keys[0], "files/?data_type=0"))
    print(f"\n{archive.name}: after the start\n{HEAD}")
    report(f"staff: files/?data_type=0, for {sum(taken):.0f} s", taken)


def test_lists_and_headers_of_a_quarter_of_a_million_files(archive: Archive) -> None:
    keys = archive.years.keys
    begin(archive)
    print(f"\n{archive.name}: one script\n{HEAD}")
    slow = {}
    for who, key in (("staff", keys[0]), ("in 40 proposals", keys[1]), ("in 8", keys[2])):
        dice = random.Random(3)
        taken: list[float] = []
        for path in LISTS:
            queries = [archive.list_query(_Only(path, dice)) for _ in range(20)]
            seconds = [archive.ask(key, query) for query in queries]
            report(f"{who}: {path[:44]}", seconds)
            taken += seconds
        report(f"{who}: lists with filters", taken, f"p95 ≤ {1e3 * GOAL_S:.0f}")
        slow[who] = quantile(taken, 0.95)
    files = archive.raw + archive.images + archive.spectra
    headers = [archive.ask(keys[0], f"files/header/?id={i}") for i in files * 8]
    report("header of a real file", headers, f"p95 ≤ {1e3 * GOAL_S:.0f}")
    slow["header"] = quantile(headers, 0.95)
    for path in ("files/?page_size=1000", "runs/", "proposals/", "", f"files/{archive.raw[0]}/"):
        report(f"staff: {path}", [archive.ask(keys[0], path) for _ in range(20)])
    assert max(slow.values()) <= GOAL_S, slow


class _Only(random.Random):
    """Dice that always choose one of the lists, and else are those of another."""

    def __init__(self, path: str, dice: random.Random) -> None:
        super().__init__(dice.random())
        self.path = path

    def choice(self, seq: Any) -> Any:
        return self.path if seq is LISTS else super().choice(seq)


def test_fifty_clients_at_once(archive: Archive) -> None:
    archive.ask(archive.years.keys[0], "")
    end = time.monotonic() + SECONDS
    taken: dict[str, list[float]] = {}
    errors: Counter[str] = Counter()
    lock = threading.Lock()

    def client(number: int) -> None:
        dice = random.Random(number)
        time.sleep(dice.uniform(0, THINKING_S))
        while time.monotonic() < end:
            kind, path, body = wish(archive, dice)
            try:
                seconds = archive.ask(archive.years.keys[number], path, body)
                with lock:
                    taken.setdefault(kind, []).append(seconds)
            except (HTTPError, OSError) as error:
                said = error.read().decode() if isinstance(error, HTTPError) else ""
                with lock:
                    errors[f"{kind}: {error} {said}"] += 1
            time.sleep(dice.uniform(0.5, 1.5) * THINKING_S)

    in_parallel(client, N_CLIENTS)
    everything = [seconds for kind in taken.values() for seconds in kind]
    n_failed, n_asked = errors.total(), errors.total() + len(everything)
    print(f"\n{archive.name}: {N_CLIENTS} clients for {SECONDS:.0f} s\n{HEAD}")
    for kind, seconds in sorted(taken.items()):
        report(kind, seconds)
    report("everything", everything, f"errors < {100 * GOAL_ERRORS} %")
    print(f"  {n_asked / SECONDS:.0f} requests a second, {n_failed} errors: {dict(errors)}")
    assert n_failed < GOAL_ERRORS * n_asked, errors


def in_parallel(work: Callable[[int], None], n: int) -> None:
    threads = [threading.Thread(target=work, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def wish(archive: Archive, dice: random.Random) -> tuple[str, str, dict[str, Any] | None]:
    """Return what a script asks next: kind, path and body."""
    kind = dice.choices(
        ("list", "file", "header", "data csv", "runs", "proposals", "status", "reduce"),
        weights=(50, 15, 12, 10, 6, 3, 3.8, 0.2),
    )[0]
    real = archive.raw + archive.images + archive.spectra
    paths = {
        "list": archive.list_query(dice),
        "file": f"files/{dice.choice(real)}/",
        "header": f"files/header/?id={dice.choice(real)}",
        "data csv": f"files/data/?id={dice.choice(archive.spectra)}&format=csv",
        "runs": f"runs/?state=done&page={dice.randint(1, 9)}",
        "proposals": "proposals/",
        "status": "",
        "reduce": "files/reduce/",
    }
    body = {"id": dice.choice(archive.raw)} if kind == "reduce" else None
    return kind, paths[kind], body

"""Search among a quarter of a million files and among ten times as many: any page of any list.

Measured at the server, on SQLite and on PostgreSQL: both callbacks of a page of Search, and lists
of the API, asked by staff and by people with many and with few proposals. ``GSP_BENCH_FILES`` are
the sizes; ``GSP_BENCH_ARCHIVES`` names a folder in which the filled databases are kept.
"""

from __future__ import annotations

import gc
import json
import os
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from flask.testing import FlaskClient
from peewee import fn

import db
from config import Config
from db.models import File, Membership, Proposal, User
from services.accounts import sessions
from services.files import rows
from services.search import catalogue
from tests.support import postgres
from tests.support.bench.table import row
from tests.support.bench.years import SETUPS, SLITS, fill, plain_rows, repeat
from tests.support.callback_rows import Row
from tests.support.web.callback_calls import fire, server_side

pytestmark = pytest.mark.bench

SIZES = tuple(int(n) for n in os.environ.get("GSP_BENCH_FILES", "250000,2500000").split(","))
KEPT = os.environ.get("GSP_BENCH_ARCHIVES")
FILLED = 250_000
GOALS_MS = {250_000: 100.0, 2_500_000: 300.0}
TIMES = 12
N_PEOPLE = 3
PAGE_SIZE = 50
ORDERS = (
    "date",
    "file_name",
    "proposal_id",
    "obstype",
    "wavmode",
    "filter",
    "filter_2",
    "grating",
    "slit",
    "roi",
    "type",
    "object",
)
ROWS, OVERVIEW = "search-grid.getRowsResponse", "search-count.children"

Query = dict[str, str]
Asks = dict[str, Callable[[random.Random], Query]]


@dataclass
class Archive:
    """A site over a filled database: who asks, and what there is to ask for."""

    name: str
    goal: float
    clients: dict[str, FlaskClient]
    tokens: dict[str, str]
    objects: list[str]
    proposals: list[str]
    years: tuple[int, int]

    def any_setup(self, dice: random.Random) -> Query:
        grating, wavmode, filter_2, *_ = dice.choice(SETUPS)
        return {"grating": grating, "wavmode": wavmode, "filter_2": filter_2}

    def any_day(self, dice: random.Random) -> str:
        return f"{dice.randint(*self.years)}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}"

    def asks(self) -> Asks:
        """Return what is asked for, by its name."""
        return {
            "everything": lambda _: {},
            "one filter": lambda dice: {"slit": dice.choice(SLITS)},
            "four filters": lambda dice: {**self.any_setup(dice), "obstype": "OBJECT"},
            "filters and years": lambda dice: {
                **self.any_setup(dice),
                "date_from": (day := self.any_day(dice)),
                "date_to": f"{int(day[:4]) + 2}{day[4:]}",
            },
            "a night": lambda dice: {"date": self.any_day(dice), "obstype": "OBJECT,COMP"},
            "a proposal": lambda dice: {"proposal_id": dice.choice(self.proposals)},
            "part of an object": lambda dice: {"object_name": dice.choice(("ngc", "SN 1", "7-1"))},
            "an object and filters": lambda dice: {
                "object": dice.choice(self.objects),
                "obstype": "OBJECT",
                "data_type": "4",
            },
            "rare part of a name": lambda dice: {"file_name": f"{dice.randint(1000, 9999)}"},
            "common part of a name": lambda dice: {"file_name": dice.choice(("cfzst_", ".fits"))},
            "part of a name, filters": lambda dice: {
                "file_name": dice.choice(("_SN", "wec")),
                "grating": dice.choice(SETUPS)[0],
                "slit": SLITS[0],
            },
            "cone of 1 degree": lambda dice: {
                "ra": f"{dice.uniform(0, 360):.3f}",
                "dec": f"{dice.uniform(-80, 25):.3f}",
                "radius": "1d",
            },
            "cone of 30 degrees, a slit": lambda dice: {
                "ra": f"{dice.uniform(0, 360):.3f}",
                "dec": f"{dice.uniform(-80, 25):.3f}",
                "radius": "30d",
                "slit": SLITS[0],
            },
            "nothing": lambda dice: {"object": f"none {dice.random()}", "slit": SLITS[0]},
        }


def url_of(name: str, size: int, cleaning: ExitStack) -> str:
    """Return the address of a database of this size's own."""
    if KEPT:
        folder = Path(KEPT) / f"{name}-{size}"
        folder.mkdir(parents=True, exist_ok=True)
    else:
        folder = Path(cleaning.enter_context(tempfile.TemporaryDirectory(prefix="gsp-bench-")))
        folder.chmod(0o755)
    if name == "SQLite":
        return f"sqlite:///{folder / 'gsp.db'}"
    binaries = postgres.server_binaries()
    if binaries is None:
        pytest.skip(postgres.MISSING)
    return cleaning.enter_context(postgres.server(binaries, folder))


def filled(url: str, size: int) -> None:
    """Fill the bound database, which may be one that was kept."""
    sqlite = url.startswith("sqlite")
    if sqlite:
        db.database.execute_sql("PRAGMA synchronous = off")
        db.database.execute_sql("PRAGMA cache_size = -1500000")
    began = time.monotonic()
    if not User.select().count():
        fill(min(size, FILLED), N_PEOPLE, plain_rows)
        print(f"\n{FILLED:,} filled in {time.monotonic() - began:.0f} s", flush=True)
    if repeat(size // FILLED - 1, person=2):
        print(f"\n{size:,} filled in {time.monotonic() - began:.0f} s", flush=True)
    if not sqlite:
        db.database.execute_sql("VACUUM ANALYZE file")


BOTH = [(name, size) for size in SIZES for name in ("SQLite", "PostgreSQL")]


@pytest.fixture(scope="module", params=BOTH, ids=lambda param: "-".join(map(str, param)))
def archive(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Archive]:
    import app

    name, size = request.param
    home = tmp_path_factory.mktemp("search")
    (home / "raw").mkdir()
    with ExitStack() as cleaning:
        url = url_of(name, size, cleaning)
        settings = {
            "GSP_HOME": str(home),
            "GSP_RAW_DIRS": str(home / "raw"),
            "GSP_DATABASE_URL": url,
            "GSP_REDIS_URL": f"unix://{home}/nobody.sock",
            "GSP_BASE_URL": "http://localhost",
        }
        db.connect(url)
        db.migrate()
        with db.database.connection_context():
            filled(url, size)
            db.analyse()
        server = app.create_app(Config.from_env(settings))
        cleaning.callback(lambda: db.database.is_closed() or db.database.close())
        db.database.connect(reuse_if_open=True)
        roles = ("staff", "many", "few")
        people = dict(zip(roles, User.select().order_by(User.id), strict=True))
        clients = {who: signed_in(server, user) for who, user in people.items()}
        tokens = {who: sessions.renew_token(user) for who, user in people.items()}
        goal = GOALS_MS.get(size, max(GOALS_MS.values()))
        told = known(people["many"])
        yield Archive(f"{name}, {size:,} files", goal, clients, tokens, *told)


def known(user: User) -> tuple[list[str], list[str], tuple[int, int]]:
    """Return objects, proposals and years that there are."""
    own = Membership.select(Membership.proposal).where(Membership.user == user)
    soar_ids = Proposal.select(Proposal.soar_id).where(Proposal.id.in_(own)).tuples()
    objects = (
        (File.select(File.object).where(File.proposal.in_(own), File.ra_deg.is_null(False)))
        .distinct()
        .limit(200)
        .tuples()
    )
    first, last = (File.select(f(File.date_obs)).scalar() for f in (fn.MIN, fn.MAX))
    years = int(str(first)[:4]), int(str(last)[:4])
    return [text for (text,) in objects], [text for (text,) in soar_ids], years


def signed_in(server: Any, user: User) -> FlaskClient:
    client = server.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = sessions.start(user)
    client.get("/api/users/me/")
    return client


class Stopwatch:
    """Seconds, and those of the processor, by who asked and by what was asked."""

    def __init__(self, goal: float) -> None:
        self.goal = goal
        self.taken: dict[str, list[tuple[float, float]]] = {}
        self.people: dict[str, list[tuple[float, float]]] = {}

    def time(self, who: str, what: str, act: Callable[[], Any]) -> Any:
        began, worked = time.perf_counter(), time.thread_time()
        answer = act()
        took = (time.perf_counter() - began, time.thread_time() - worked)
        self.taken.setdefault(what, []).append(took)
        self.people.setdefault(who, []).append(took)
        return answer

    def told(self) -> float:
        """Print p50 and p95 of each kind, of each person and of all; return the highest p95."""
        load = os.getloadavg()[0]
        row(f"  ms, beside a load of {load:.1f}", "p50 / p95; CPU", f"p95 ≤ {self.goal:.0f}", "")
        everything = [one for taken in self.taken.values() for one in taken]
        for what, taken in {**self.taken, **self.people, "all of these": everything}.items():
            (p50, cpu50), (p95, cpu95) = 1000 * np.percentile(taken, (50, 95), axis=0)
            figures = f"{p50:.0f} / {p95:.0f}; {cpu50:.0f} / {cpu95:.0f}"
            row(f"  {what} ({len(taken)})", figures, "", "")
        return max(1000 * np.percentile(taken, 95, axis=0)[0] for taken in self.taken.values())


def callbacks_of(client: FlaskClient) -> dict[str, Callable[[Query, str, int], str]]:
    """Return what asks the two callbacks of Search: filters, order, first row → the answer."""
    known = server_side(client)
    declared = {name.partition(" ")[0]: one for name, one in known.items()}

    def overview(query: Query, ordering: str, start: int) -> str:
        del ordering, start
        values = {
            "url.pathname": "/search",
            "url.search": "?" + urlencode(query),
            "live-index.data": 0,
            "done.data": 0,
        }
        return fire(client, declared[OVERVIEW], Row(values), values)

    def rows_of(query: Query, ordering: str, start: int) -> str:
        sort = "desc" if ordering.startswith("-") else "asc"
        model = [{"colId": ordering.removeprefix("-"), "sort": sort}]
        request = {"startRow": start, "endRow": start + PAGE_SIZE, "sortModel": model}
        values = {"search-grid.getRowsRequest": request, "url.search": "?" + urlencode(query)}
        return fire(client, declared[ROWS], Row(values), values)

    return {"count, choices": overview, "a page": rows_of}


def count_of(answer: str) -> int:
    return int(json.loads(answer)["response"]["search-grid"]["getRowsResponse"]["rowCount"])


def test_any_page_of_any_search(archive: Archive) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    catalogue.warm()
    took = time.monotonic() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"\n{archive.name}: catalogue loaded in {took:.1f} s, {grown:.0f} MB more at the peak")
    gc.collect()
    gc.freeze()  # as the server does
    assert catalogue.serves()
    watch = Stopwatch(archive.goal)
    for who, client in archive.clients.items():
        dice = random.Random(5)
        callbacks = callbacks_of(client)
        for what, ask in archive.asks().items():
            for _ in range(TIMES):
                query = ask(dice)
                if "proposal_id" in query:
                    query["proposal"] = query.pop("proposal_id")
                ordering = dice.choice(("", "-")) + dice.choice(ORDERS[:-1])
                overview, page = callbacks.values()
                told = watch.time(who, f"{what}: count and choices", lambda: overview(query, "", 0))  # noqa: B023
                shown = json.loads(told)["response"]["search-count"]["children"]
                count = int(shown.replace("\u202f", ""))
                start = dice.randrange(0, max(1, count), PAGE_SIZE)
                answer = watch.time(who, f"{what}: a page", lambda: page(query, ordering, start))  # noqa: B023
                assert count_of(answer) == count
    assert watch.told() <= archive.goal


def test_every_order_of_everything(archive: Archive) -> None:
    catalogue.warm()
    watch = Stopwatch(archive.goal)
    for who, client in archive.clients.items():
        dice = random.Random(6)
        page = callbacks_of(client)["a page"]
        for column in ORDERS[:-1]:
            for ordering in (column, f"-{column}"):
                count = count_of(page({}, ordering, 0))
                for start in (0, count // 2, *(dice.randrange(count) for _ in range(4))):
                    watch.time(who, f"by {column}: a page", lambda: page({}, ordering, start))  # noqa: B023
    print(f"\n{archive.name}: pages of the whole list")
    assert watch.told() <= archive.goal


def test_lists_of_the_api(archive: Archive) -> None:
    catalogue.warm()
    watch = Stopwatch(archive.goal)
    for who, client in archive.clients.items():
        dice = random.Random(7)
        headers = {"Authorization": f"Token {archive.tokens[who]}"}
        bare = client.application.test_client()
        for what, ask in archive.asks().items():
            count = 20
            for _ in range(TIMES):
                ordering = dice.choice(("", "-")) + dice.choice(ORDERS)
                page = dice.randint(1, max(1, count // 20))
                query = {**ask(dice), "ordering": ordering, "page": str(page)}
                path = "/api/files/?" + urlencode(query)
                answer = watch.time(
                    who,
                    f"{what}: API",
                    lambda: bare.get(path, headers=headers).get_json(),  # noqa: B023
                )
                count = answer["count"]
    print(f"\n{archive.name}: lists of the API")
    assert watch.told() <= archive.goal


def test_while_files_arrive(archive: Archive) -> None:
    """Each page is asked for after a new frame has come, as in a night."""
    catalogue.warm()
    watch = Stopwatch(archive.goal)
    page = callbacks_of(archive.clients["staff"])["a page"]
    dice = random.Random(8)
    like = File.select().where(File.data_type == 0).order_by(File.id.desc()).first()
    for _ in range(40):
        before = count_of(page({}, "-date", 0))
        stem = f"{dice.random():.12f}"
        watch.time("staff", "one frame is written, with its event", lambda: arrive(like, stem))  # noqa: B023
        ordering = dice.choice(("file_name", "-file_name", "-date", "object"))
        answer = watch.time("staff", "a page after it", lambda: page({}, ordering, before // 2))  # noqa: B023
        assert count_of(answer) == before + 1
    for file in File.select().where(File.full_path.startswith("/new/")):
        rows.file_event("file-deleted", file)
        file.delete_instance()
    print(f"\n{archive.name}: while frames arrive")
    assert watch.told() <= archive.goal


def arrive(like: File, stem: str) -> None:
    """Write the row of a frame as ingest does."""
    with db.database.atomic():
        facts = {**like.__data__, "id": None, "object": stem, "original": None, "parent": None}
        facts |= {"file_name": f"{stem}.fits", "full_path": f"/new/{stem}", "checksum": stem}
        file = File.create(**facts)
        file.original = file.parent = file
        file.save(only=[File.original, File.parent])
        rows.file_event("file-added", file)

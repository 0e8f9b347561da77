"""Seven years of an observatory in a database, within seconds: copies of the rows of a real night.

What a night's reduction has left (`seed_rows`) is copied by SQL, with the dates, setups, targets,
proposals and families that a quarter of a million files have.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import db
from db.models import File, Membership, Proposal, Run, Table
from reduction.frames import DataType
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from services.accounts import accounts
from tests.support import builders

FIRST_NIGHT = dt.datetime(2018, 2, 1, tzinfo=dt.UTC)
NIGHTS_A_SEMESTER = 110
PROPOSALS_A_SEMESTER = 30
SETUPS = (  # grating, wavmode, filter_2, cam_targ, grt_targ, and how often
    ("400_SYZY", "400_M1", "NO_FILTER", 11.6, 5.8, 0.30),
    ("400_SYZY", "400_M2", "GG455", 16.1, 7.5, 0.25),
    ("600_SYZY_OLD", "600_BLUE", "NO_FILTER", 17.0, 7.0, 0.10),
    ("930_SYZY", "930_M2", "NO_FILTER", 24.2, 10.2, 0.20),
    ("1200_SYZY", "1200_M5", "GG455", 39.4, 20.2, 0.10),
    ("2100_SYZY", "CUSTOM", "NO_FILTER", 50.0, 25.0, 0.05),
)
SLITS = ("1.0_LONG_SLIT", "1.2_LONG_SLIT", "3.0_LONG_SLIT", "0.45_LONG_SLIT")
BIASES, FLATS, ARCS, TARGETS = 12, 12, 8, 30
"""Raw frames of a night, of each kind; each target becomes three products."""


@dataclass
class Years:
    """What was made: how much, who may ask, and with which keys."""

    n_files: int = 0
    n_runs: int = 0
    keys: list[str] = field(default_factory=list)
    proposals: list[str] = field(default_factory=list)
    objects: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Copies:
    """Rows that are to be made of template rows: `values` are (template id, value, …)."""

    table: type[Table]
    columns: tuple[str, ...]

    def insert(self, values: list[tuple[Any, ...]]) -> None:
        """Copy the template of each value tuple, with these values in `columns`."""
        name = self.table._meta.table_name
        every = [f.column_name for f in self.table._meta.sorted_fields]
        listed = ", ".join(f'"{column}"' for column in self.columns)
        taken = ", ".join(
            f'{"made" if column in self.columns else "template"}."{column}"' for column in every
        )
        execute = db.database.execute_sql
        execute(
            f'CREATE TEMP TABLE made AS SELECT id AS like_row, {listed} FROM "{name}" WHERE 1 = 0'
        )
        places = ", ".join([db.database.param] * (1 + len(self.columns)))
        cursor = db.database.connection().cursor()
        cursor.executemany(f"INSERT INTO made VALUES ({places})", values)
        targets = ", ".join(f'"{column}"' for column in every)
        execute(
            f'INSERT INTO "{name}" ({targets}) SELECT {taken} FROM made '
            f'JOIN "{name}" AS template ON template.id = made.like_row ORDER BY made.id'
        )
        execute("DROP TABLE made")


FILES = Copies(
    File,
    (
        "id",
        "file_name",
        "full_path",
        "checksum",
        "original_id",
        "parent_id",
        "proposal_id",
        "run_id",
        "obstype",
        "object",
        "filter_2",
        "grating",
        "slit",
        "cam_targ",
        "grt_targ",
        "wavmode",
        "series",
        "ra_deg",
        "dec_deg",
        "date_obs",
        "date",
        "night",
        "exptime",
        "created",
        "last_modified",
    ),
)
RUNS = Copies(Run, ("id", "file_id", "proposal_id", "created", "queued", "started", "finished"))


class Writer:
    """Plans the nights: facts and families of files in the order in which they would be made."""

    def __init__(self, templates: dict[str, File], runs: dict[str, Run], proposals: Sequence[Any]):
        self.templates, self.runs, self.proposals = templates, runs, proposals
        self.dice = np.random.default_rng(6)
        self.files: list[tuple[Any, ...]] = []
        self.made: list[tuple[Any, ...]] = []
        self.next_file = 1 + max(row.id for row in templates.values())
        self.next_run = 1 + max(row.id for row in runs.values())
        self.targets: dict[int, list[tuple[str, float, float]]] = {}

    def night(self, number: int) -> None:
        """Add everything that one night leaves."""
        evening = FIRST_NIGHT + dt.timedelta(days=number * 182 / NIGHTS_A_SEMESTER)
        semester = number // NIGHTS_A_SEMESTER
        first = semester * PROPOSALS_A_SEMESTER % len(self.proposals)
        tonight = [
            self.proposals[(first + int(i)) % len(self.proposals)]
            for i in self.dice.choice(PROPOSALS_A_SEMESTER, size=2, replace=False)
        ]
        for half, proposal in enumerate(tonight):
            setup = SETUPS[self.dice.choice(len(SETUPS), p=[s[-1] for s in SETUPS])]
            slit = SLITS[self.dice.choice(len(SLITS), p=(0.7, 0.1, 0.15, 0.05))]
            begin = evening + dt.timedelta(hours=4 * half)
            self._calibrations(proposal, setup, slit, begin, half)
            for i in range(TARGETS // 2):
                self._target(proposal, setup, slit, begin + dt.timedelta(minutes=60 + 11 * i))

    def _calibrations(
        self, proposal: Proposal, setup: Any, slit: str, begin: dt.datetime, half: int
    ) -> None:
        for kind, many in (("bias", BIASES // 2), ("flat", FLATS // 2), ("arc", ARCS // 2)):
            for i in range(many):
                at = begin + dt.timedelta(minutes=i + {"bias": 0, "flat": 15, "arc": 40}[kind])
                self._file(kind, proposal, setup, slit, at)
        for kind in ("master_bias", "master_flat")[half:]:
            self._file(kind, None, setup, slit, begin + dt.timedelta(minutes=50))

    def _target(self, proposal: Proposal, setup: Any, slit: str, at: dt.datetime) -> None:
        known = self.targets.setdefault(proposal.id, [])
        if len(known) < 12:
            name = f"{self.dice.choice(['SN', 'AT', 'WD', 'NGC', 'HD'])} {len(known)}-{proposal.id}"
            known.append((name, self.dice.uniform(0, 360), self.dice.uniform(-80, 25)))
        target = known[int(self.dice.integers(len(known)))]
        original = parent = self._file("science", proposal, setup, slit, at, target=target)
        for stage in ("reduced", "extracted", "calibrated"):
            if self.dice.uniform() < 0.05:  # it failed
                break
            parent = self._file(
                stage, proposal, setup, slit, at, target=target, family=(original, parent)
            )

    def _file(
        self,
        kind: str,
        proposal: Proposal | None,
        setup: Any,
        slit: str,
        at: dt.datetime,
        *,
        target: tuple[str, float, float] | None = None,
        family: tuple[int, int] | None = None,
    ) -> int:
        number, self.next_file = self.next_file, self.next_file + 1
        like = self.templates[kind]
        grating, wavmode, filter_2, cam, grt, _ = setup
        name, ra, dec = target or (like.object, None, None)
        when = at.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
        run = self._run(kind, family, proposal, when) if family else like.run_id
        raw = family is None and proposal is not None
        own = number if raw else None
        prefix = {"reduced": "cfzst_", "extracted": "ecfzst_", "calibrated": "wecfzst_"}.get(kind)
        file_name = f"{prefix or ''}{at:%y%m%d}_{number:07d}_{name.replace(' ', '_')[:20]}.fits"
        self.files.append(
            (
                like.id,
                number,
                file_name,
                f"/archive/{at:%Y-%m-%d}/{file_name}",
                f"{number:064x}",
                family[0] if family else own,
                family[1] if family else own,
                proposal.id if proposal else None,
                run,
                like.obstype,
                name,
                filter_2,
                grating,
                slit,
                cam,
                grt,
                wavmode,
                f"{kind} {at:%Y-%m-%d} {grating}" if like.series else "",
                ra,
                dec,
                when,
                at.date().isoformat(),
                (at - dt.timedelta(hours=12)).date().isoformat(),
                float(self.dice.choice([0.0, 60.0, 300.0, 600.0, 900.0, 1200.0])),
                when,
                when,
            )
        )
        return number

    def _run(self, kind: str, family: Any, proposal: Any, when: str) -> int:
        number, self.next_run = self.next_run, self.next_run + 1
        like = self.runs[kind]
        self.made.append((like.id, number, family[1], proposal.id, when, when, when, when))
        return number


Seeds = Callable[[], tuple[dict[str, File], dict[str, Run]]]
"""Gives a row of each kind, and the runs of the products."""


def seed_rows() -> tuple[dict[str, File], dict[str, Run]]:
    """Return a row of each kind that the reduction of one night has left, and its run."""
    products = {"reduced": 2, "extracted": 3, "calibrated": 4}
    files = {kind: File.get(File.data_type == n) for kind, n in products.items()}
    runs = {kind: Run.get_by_id(file.run_id) for kind, file in files.items()}
    names = {"bias": "bias", "flat": "flat", "arc": "arc", "science": "spectrum"}
    for kind, stored in names.items():
        files[kind] = File.get(File.data_type == 0, File.kind == stored)
    for kind in ("bias", "flat"):
        files[f"master_{kind}"] = File.get(File.data_type == 1, File.kind == kind)
    return files, runs


def count_on(*tables: str) -> None:
    """Tell PostgreSQL's sequences of the ids that were given."""
    if db.database.param != "?":
        for table in tables:
            db.database.execute_sql(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )


SPAN_DAYS = 2900


def repeat(times: int, person: int) -> int:
    """Add what `fill` has left so many times more, each eight years later: with SQL alone.

    The proposals are others each time; `person` is in as many of them. Copies that are there
    already are not made again; returns how many were made.
    """
    execute = db.database.execute_sql
    n_proposals = Proposal.select().where(~Proposal.soar_id.contains(".")).count()
    (all_files,), (all_proposals,) = (
        execute(f"SELECT max(id) FROM {table}").fetchone() for table in ("file", "proposal")
    )
    there = all_proposals // n_proposals - 1
    n_files = all_files // (there + 1)
    if times <= there:
        return 0
    with db.database.atomic(), _unindexed():
        for k in range(there + 1, times + 1):
            ours = {"id": f"id + {k * n_proposals}", "soar_id": f"soar_id || '.{k}'"}
            _copy(Proposal, ours, n_proposals)
            _copy(File, _later(k, n_files, n_proposals), n_files)
            execute(
                "INSERT INTO membership (proposal_id, user_id, created) "
                f"SELECT proposal_id + {k * n_proposals}, user_id, created FROM membership "
                f"WHERE user_id = {person} AND proposal_id <= {n_proposals}"
            )
        count_on("file", "proposal")
    return times - there


@contextmanager
def _unindexed() -> Iterator[None]:
    """Take the indexes of the files away and make them anew: far quicker than to keep them."""
    execute = db.database.execute_sql
    if db.database.param == "?":
        listed = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'file'"
    else:
        execute("SET LOCAL maintenance_work_mem = '1GB'")
        listed = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'file'"
    indexes = [
        (name, made) for name, made in execute(listed).fetchall() if made and "pkey" not in name
    ]
    for name, _ in indexes:
        execute(f'DROP INDEX "{name}"')
    yield
    for _, made in indexes:
        execute(made)


def _later(k: int, n_files: int, n_proposals: int) -> dict[str, str]:
    """Return how the columns of the `k`-th copy of all files are made of those of the first."""
    days = k * SPAN_DAYS

    def shifted(column: str, *, day: bool = False) -> str:
        if db.database.param != "?":
            return f"{column} + {days}" if day else f"{column} + interval '{days} days'"
        form = "%Y-%m-%d" if day else "%Y-%m-%d %H:%M:%f000"
        return f"strftime('{form}', {column}, '+{days} days')"

    return {
        "id": f"id + {k * n_files}",
        "file_name": f"replace(file_name, '_0', '_{k}')",
        "quality": "'{}'",  # no list reads it, and it is most of a row
        "full_path": f"'/archive{k}' || full_path",
        "checksum": f"'{k:02d}' || substr(checksum, 3)",
        "original_id": f"original_id + {k * n_files}",
        "parent_id": f"parent_id + {k * n_files}",
        "proposal_id": f"proposal_id + {k * n_proposals}",
        "object": f"CASE WHEN ra_deg IS NULL THEN object ELSE object || '.{k}' END",
        "series": f"CASE WHEN series = '' THEN '' ELSE series || '{k}' END",
        **{name: shifted(name) for name in ("date_obs", "created", "last_modified")},
        **{name: shifted(name, day=True) for name in ("date", "night")},
    }


def _copy(table: type[Table], changed: dict[str, str], last: int) -> None:
    columns = [field.column_name for field in table._meta.sorted_fields]
    taken = ", ".join(changed.get(name, f'"{name}"') for name in columns)
    named = ", ".join(f'"{name}"' for name in columns)
    name = table._meta.table_name
    db.database.execute_sql(
        f'INSERT INTO "{name}" ({named}) SELECT {taken} FROM "{name}" WHERE id <= {last}'
    )


def _proposals(n: int) -> Iterator[Proposal]:
    for i in range(n):
        year, half = divmod(i // PROPOSALS_A_SEMESTER, 2)
        semester = f"{2018 + year}{'AB'[half]}"
        soar_id = f"SOAR{semester}-{i % PROPOSALS_A_SEMESTER:03d}"
        yield Proposal.create(soar_id=soar_id, semester=semester, title=f"Programme {i}")


def plain_rows() -> tuple[dict[str, File], dict[str, Run]]:
    """Return a row of each kind as `seed_rows` does, made up: of files that are on no disk."""
    weight = {  # what a real row carries
        "quality": {f"measure_{i}": i / 7 for i in range(40)},
        "notices": [notice(NoticeCode.NO_BIAS_LEVEL).to_json()],
        "roi": "Spectroscopic 2x2",
        "filter": "NO_FILTER",
        "slit": SLITS[0],
    }
    owner = builders.proposal("SEED")
    files, runs = {}, {}
    for kind, obstype in (("bias", "BIAS"), ("flat", "LAMPFLAT"), ("arc", "COMP")):
        files[kind] = builders.row(f"{kind}.fits", owner, kind=kind, obstype=obstype, **weight)
    files["science"] = parent = builders.row("science.fits", owner, obstype="OBJECT", **weight)
    for kind, number in (("reduced", 2), ("extracted", 3), ("calibrated", 4)):
        files[kind] = parent = builders.row(
            f"{kind}.fits",
            owner,
            data_type=DataType(number),
            parent=parent,
            obstype="OBJECT",
            **weight,
        )
        runs[kind] = builders.run(parent, state="done")
    for kind, obstype in (("bias", "BIAS"), ("flat", "LAMPFLAT")):
        files[f"master_{kind}"] = builders.row(
            f"master_{kind}.fits",
            data_type=DataType.MASTER,
            kind=kind,
            obstype=obstype,
            series="night",
            **weight,
        )
    for kind, file in files.items():
        file.checksum = f"seed {kind}"  # no number, since those of the copies are
        file.save(only=[File.checksum])
    return files, runs


def fill(n_files: int, n_people: int, seeds: Seeds = seed_rows) -> Years:
    """Fill the bound database, which holds one reduced night; the first person is staff.

    Each of the others is in eight proposals, the second in forty.
    """
    made = Years()
    with db.database.connection_context(), db.database.atomic():
        per_night = BIASES + FLATS + ARCS + 3 + TARGETS * 3.8
        n_nights = int(n_files / per_night) + 1
        rows = list(_proposals((n_nights // NIGHTS_A_SEMESTER + 1) * PROPOSALS_A_SEMESTER))
        writer = Writer(*seeds(), rows)
        number = 0
        while len(writer.files) < n_files:
            writer.night(number)
            number += 1
        FILES.insert(writer.files)
        RUNS.insert(writer.made)
        count_on("file", "run")
        for i in range(n_people):
            user, key = accounts.create_user(
                username=f"client{i}", email=f"client{i}@observatory.example", staff=i == 0
            )
            for j in writer.dice.choice(len(rows), size=40 if i == 1 else 8, replace=False):
                Membership.create(proposal=rows[int(j)], user=user)
            made.keys.append(key)
    made.n_files, made.n_runs = len(writer.files), len(writer.made)
    made.proposals = [row.soar_id for row in rows]
    made.objects = [name for known in writer.targets.values() for name, *_ in known]
    return made

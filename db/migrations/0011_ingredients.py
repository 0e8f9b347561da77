"""What products and runs were made from is kept by row instead of by file name.

Names repeat across nights, so a name is resolved to the row that the product can have been made
from: one that is older than the product, of the same camera and of the kind that the run took;
among these the calibration that a person chose, else one of the same night, else one of the same
proposal, else the nearest in time. A name that fits no row, or several equally well, is kept
without a row.

`file.stale` becomes `file.out_of_date`.
"""

# ruff: noqa: D101, D103 (the tables are described in db.models; the runner calls the functions)

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from peewee import AutoField, CharField, ForeignKeyField, JSONField, Model, TextField

BATCH = 400
ROWS_AT_ONCE = 100
RAW, MASTER, REDUCED, EXTRACTED = 0, 1, 2, 3
MASTER_ROLES = {"bias": "master_bias", "flat": "master_flat"}
CHOSEN_ROLES = {"master bias": "master_bias", "master flat": "master_flat", "arc lamp": "arc"}


class Table(Model):
    id = AutoField()

    class Meta:
        legacy_table_names = False


class File(Table):
    pass


class Run(Table):
    pass


class Ingredient(Table):
    product = ForeignKeyField(File, on_delete="CASCADE")
    input = ForeignKeyField(File, null=True, on_delete="SET NULL", index=False)
    name = CharField(255)
    role = CharField(16)
    selected_by = CharField(12)
    differences = JSONField()

    class Meta:
        indexes = ((("input", "role"), False),)


class RunInput(Table):
    run = ForeignKeyField(Run, on_delete="CASCADE")
    input = ForeignKeyField(File, null=True, on_delete="SET NULL")
    name = CharField(255)
    role = CharField(16)


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001
    with db.bind_ctx([File, Run, Ingredient, RunInput]):
        db.create_tables([Ingredient, RunInput])
    # Of products first: what their runs were given is then known by row.
    _fill(db, "ingredient", _products(db))
    _fill(db, "run_input", _runs(db))
    db.execute_sql('ALTER TABLE "file" DROP COLUMN "inputs"')
    db.execute_sql('ALTER TABLE "run" DROP COLUMN "inputs"')
    db.execute_sql("DROP INDEX file_stale")
    db.execute_sql('ALTER TABLE "file" RENAME COLUMN "stale" TO "out_of_date"')
    db.execute_sql(
        'CREATE INDEX "file_out_of_date" ON "file" ("data_type", "proposal_id") WHERE out_of_date'
    )


def down(migrator: Any, db: Any) -> None:
    db.execute_sql("DROP INDEX file_out_of_date")
    db.execute_sql('ALTER TABLE "file" RENAME COLUMN "out_of_date" TO "stale"')
    db.execute_sql('CREATE INDEX "file_stale" ON "file" ("data_type", "proposal_id") WHERE stale')
    for table, source, owner in (
        ("file", "ingredient", "product_id"),
        ("run", "run_input", "run_id"),
    ):
        migrator.migrate(migrator.add_column(table, "inputs", TextField(default="[]")))
        names: dict[int, list[str]] = {}
        for number, name in db.execute_sql(
            f'SELECT "{owner}", "name" FROM "{source}" ORDER BY "id"'
        ).fetchall():
            names.setdefault(number, []).append(name)
        for number, inputs in names.items():
            db.execute_sql(
                f'UPDATE "{table}" SET "inputs" = {db.param} WHERE "id" = {db.param}',
                (json.dumps(inputs), number),
            )
        if db.param != "?":  # PostgreSQL
            db.execute_sql(f'ALTER TABLE "{table}" ALTER "inputs" DROP DEFAULT')
            db.execute_sql(f'ALTER TABLE "{table}" ALTER "inputs" TYPE JSONB USING "inputs"::jsonb')
    with db.bind_ctx([Ingredient, RunInput]):
        db.drop_tables([Ingredient, RunInput])


# --- what has inputs --------------------------------------------------------------------------


class Maker(NamedTuple):
    """A product, or a run, with the names that were stored of its inputs.

    `newest` is above the ids that its inputs can have; `chosen` are the calibrations that a person
    chose: role → id; `fixed` tells that the settings name the arc.
    """

    id: int
    names: tuple[str, ...]
    newest: int
    produces: int
    kind: str
    camera: str
    night: str
    moment: str
    proposal: int | None
    chosen: dict[str, int]
    fixed: bool
    notices: tuple[Any, ...]


_MAKER = """
    f.kind, f.camera, f.night, f.date_obs, f.proposal_id, r.calibrations, r.settings
"""


def _products(db: Any) -> Iterator[list[tuple[Any, ...]]]:
    rows = _rows(
        db,
        f"SELECT f.id, f.inputs, f.id, f.data_type, {_MAKER}, f.notices FROM file f "
        "LEFT JOIN run r ON r.id = f.run_id "
        "WHERE f.data_type > 0 AND f.id > {after} ORDER BY f.id LIMIT {limit}",
    )
    for batch in rows:
        makers = [_maker(row) for row in batch]
        found = _Candidates(db, makers)
        yield [
            (maker.id, number, name, role, _selected_by(maker, role), _differences(maker, role))
            for maker in makers
            for name, number, role in found.of(maker)
        ]


def _runs(db: Any) -> Iterator[list[tuple[Any, ...]]]:
    (newest,) = db.execute_sql("SELECT max(id) FROM file").fetchone()
    rows = _rows(
        db,
        f"SELECT r.id, r.inputs, coalesce((SELECT min(p.id) FROM file p WHERE p.run_id = r.id), "
        f"{int(newest or 0) + 1}), r.block, {_MAKER}, NULL FROM run r "
        "JOIN file f ON f.id = r.file_id WHERE r.id > {after} ORDER BY r.id LIMIT {limit}",
    )
    for batch in rows:
        makers = [_maker(row) for row in batch]
        found = _Candidates(db, makers)
        yield [
            (maker.id, number, name, role)
            for maker in makers
            for name, number, role in found.of(maker)
        ]


def _rows(db: Any, query: str) -> Iterator[list[tuple[Any, ...]]]:
    after = 0
    while batch := db.execute_sql(query.format(after=after, limit=BATCH)).fetchall():
        yield batch
        after = batch[-1][0]


_PRODUCES = {"master_bias": MASTER, "master_flat": MASTER, "reduce": REDUCED, "extract": EXTRACTED}


def _maker(row: tuple[Any, ...]) -> Maker:
    number, inputs, newest, made, kind, camera, night, moment, proposal, *rest = row
    calibrations, settings, notices = (_json(value) for value in rest)
    chosen = {CHOSEN_ROLES.get(role, role): int(n) for role, n in (calibrations or {}).items()}
    return Maker(
        number,
        tuple(_json(inputs) or ()),
        newest,
        made if isinstance(made, int) else _PRODUCES.get(made, EXTRACTED + 1),
        kind,
        camera,
        str(night),
        str(moment),
        proposal,
        chosen,
        (settings or {}).get("arc_choice") == "fixed",
        tuple(notices or ()),
    )


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


# --- which row a name is ----------------------------------------------------------------------


REACH = dt.timedelta(days=100)
"""How far in time calibrations of the release could be: 90 days, selected by a person."""


class Candidate(NamedTuple):
    """A file that has the name of an input."""

    name: str
    id: int
    data_type: int
    kind: str
    camera: str
    night: str
    moment: str
    proposal: int | None
    original: int | None


class _Candidates:
    """The files that have one of the names of some makers, of their nights or near them."""

    def __init__(self, db: Any, makers: list[Maker]) -> None:
        self.db = db
        self.by_name: dict[str, dict[int, Candidate]] = {}
        nights = [dt.date.fromisoformat(maker.night) for maker in makers]
        first, last = min(nights), max(nights)
        self._load({name for maker in makers for name in maker.names}, first, last)
        # Names repeat every night: other nights are looked at only where it is necessary.
        rest = {
            name
            for maker in makers
            for name in maker.names
            if maker.chosen or not self._of_night(maker, name)
        }
        self._load(rest, first - REACH, last + REACH)

    def _load(self, wanted: set[str], first: dt.date, last: dt.date) -> None:
        ordered = sorted(wanted)
        for start in range(0, len(ordered), BATCH):
            names = ordered[start : start + BATCH]
            marks = ", ".join([self.db.param] * len(names))
            for row in self.db.execute_sql(
                "SELECT file_name, id, data_type, kind, camera, night, date_obs, proposal_id, "
                f"original_id FROM file WHERE file_name IN ({marks}) "
                f"AND night BETWEEN '{first}' AND '{last}'",
                names,
            ).fetchall():
                candidate = Candidate(*row)._replace(night=str(row[5]), moment=str(row[6]))
                self.by_name.setdefault(candidate.name, {})[candidate.id] = candidate

    def _of_night(self, maker: Maker, name: str) -> list[Candidate]:
        return [one for one in self._fitting(maker, name) if one.night == maker.night]

    def _fitting(self, maker: Maker, name: str) -> list[Candidate]:
        return [one for one in self.by_name.get(name, {}).values() if _role(maker, one)]

    def of(self, maker: Maker) -> Iterator[tuple[str, int | None, str]]:
        """Yield name, row (None: vanished or ambiguous) and role of each input."""
        seen_arc = False
        for name in maker.names:
            of_night = [] if maker.chosen else self._of_night(maker, name)
            best = _best(maker, of_night or self._fitting(maker, name))
            role = _role(maker, best) if best is not None else _role_by_name(maker, name)
            if role == "arc" and seen_arc:
                role = "second_arc"
            seen_arc = seen_arc or role == "arc"
            yield name, None if best is None else best.id, role


def _role(maker: Maker, file: Candidate) -> str:
    """Return what a file can be to a maker, "" when it is none of its inputs."""
    data_type, kind = file.data_type, file.kind
    if file.id >= maker.newest or file.camera != maker.camera:
        return ""
    if data_type == MASTER and maker.produces in (MASTER, REDUCED):
        return MASTER_ROLES.get(kind, "")
    if data_type == RAW and maker.produces == MASTER and kind == maker.kind:
        return "member"
    if data_type == REDUCED and maker.produces > EXTRACTED and kind == "arc":
        return "arc"
    if data_type == EXTRACTED and maker.produces == EXTRACTED:
        return "trace"
    return ""


def _role_by_name(maker: Maker, name: str) -> str:
    """Return what a file that has gone was, by the names that masters are given."""
    if name.startswith("master_bias"):
        return "master_bias"
    if maker.produces == REDUCED:
        return "master_flat"
    return {MASTER: "member", EXTRACTED: "trace"}.get(maker.produces, "arc")


def _best(maker: Maker, files: list[Candidate]) -> Candidate | None:
    """Return the file that a name means, None when that can't be told."""
    ranked = sorted(((_rank(maker, file), file) for file in files), key=lambda pair: pair[0])
    if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
        return None
    return ranked[0][1]


def _rank(maker: Maker, file: Candidate) -> tuple[bool, bool, bool, float]:
    return (
        maker.chosen.get(_role(maker, file)) not in (file.id, file.original),
        file.night != maker.night,
        file.proposal != maker.proposal,
        abs(_seconds(file.moment) - _seconds(maker.moment)),
    )


def _seconds(moment: str) -> float:
    return dt.datetime.fromisoformat(moment).timestamp()


# --- how it was selected ----------------------------------------------------------------------


def _selected_by(maker: Maker, role: str) -> str:
    if role in maker.chosen:
        return "person"
    return "settings" if role == "arc" and maker.fixed else "automatic"


_DIFFERING = {"degraded_match", "manual_calibration_differs"}
"""Codes of the notices that list the differences of a calibration."""
_STORED_ROLES = {role: stored for stored, role in CHOSEN_ROLES.items()}


def _differences(maker: Maker, role: str) -> str:
    """Return what differed of a calibration, as the notices of its product have it."""
    found = [
        difference
        for notice in maker.notices
        if notice["code"] in _DIFFERING and notice["params"]["role"] == _STORED_ROLES.get(role)
        for difference in notice["params"]["differences"]
    ]
    return json.dumps(found)


# --- writing ----------------------------------------------------------------------------------

_COLUMNS = {
    "ingredient": ("product_id", "input_id", "name", "role", "selected_by", "differences"),
    "run_input": ("run_id", "input_id", "name", "role"),
}


def _fill(db: Any, table: str, batches: Iterable[list[tuple[Any, ...]]]) -> None:
    columns = ", ".join(_COLUMNS[table])
    marks = ", ".join([db.param] * len(_COLUMNS[table]))
    for rows in batches:
        for start in range(0, len(rows), ROWS_AT_ONCE):
            some = rows[start : start + ROWS_AT_ONCE]
            values = ", ".join([f"({marks})"] * len(some))
            given = [value for row in some for value in row]
            db.execute_sql(f'INSERT INTO "{table}" ({columns}) VALUES {values}', given)

"""A database of the release of November 2026 is upgraded: people keep everything in it.

`tools/make_release_database.py` tells how the stored database was made. What it holds is the truth
here, read from it by plain SQL.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from peewee import SqliteDatabase
from playhouse.migrations import Runner

import db
from db.models import File, Ingredient, Proposal, Run, User
from reduction.frames import DataType
from services.calibration import out_of_date
from services.files import ingredients, serialization
from services.files.ingredients import Role, SelectedBy
from services.proposals import proposals
from services.runs import read_models
from tests.support.databases import fresh_postgres
from tests.support.paths import ROOT

DUMP = ROOT / "tests" / "support" / "data" / "release_2026_11.sql.gz"
LAST = "0009_names_by_bytes"
CHANGED = {
    "file": {"stale", "inputs", "warnings"},
    "run": {
        *{"inputs", "message"},
        # How far a worker is says nothing of a run that has ended.
        *{"worker", "heartbeat", "lost", "cancel_requested", "priority", "step", "progress"},
    },
    "arrival": {"keyword", "sentence"},
    "log_entry": {"sentence"},
    "proposal": {"settings"},
}
"""Columns whose content is kept in another form, and compared by tests of their own."""

Row = dict[str, Any]
STAFF = User(is_staff=True)
FORGOTTEN: Row = {
    **dict.fromkeys(("object", "obsra", "obsdec"), ""),
    **dict.fromkeys(("ra_deg", "dec_deg", "airmass", "elevation", "rotator")),
    **dict.fromkeys(("observation_id", "configuration_id", "block_id", "image_id")),
}
"""What a master no longer tells of the frame that it was made after."""


@pytest.fixture(scope="module")
def before() -> Iterator[dict[str, list[Row]]]:
    """The rows of the stored database, by table."""
    with closing(sqlite3.connect(":memory:")) as stored:
        stored.executescript(gzip.decompress(DUMP.read_bytes()).decode())
        stored.row_factory = sqlite3.Row
        named = stored.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        yield {
            name: [dict(row) for row in stored.execute(f'SELECT * FROM "{name}" ORDER BY id')]
            for (name,) in named
        }


@pytest.fixture(scope="module")
def url(before: dict[str, list[Row]], tmp_path_factory: pytest.TempPathFactory) -> str:
    """URL of the upgraded database, on SQLite or on the PostgreSQL server of the run."""
    url = fresh_postgres("upgrade")
    if url is None:
        path = tmp_path_factory.mktemp("upgrade") / "gsp.db"
        with closing(sqlite3.connect(path)) as stored:
            stored.executescript(gzip.decompress(DUMP.read_bytes()).decode())
        url = f"sqlite:///{path}"
        db.connect(url)
    else:
        db.connect(url)
        _fill_postgres(before)
    applied = db.migrate()
    assert applied
    assert all(name > LAST for name in applied)
    return url


@pytest.fixture(autouse=True)
def database(url: str) -> Iterator[None]:
    """The upgraded database, in place of the empty one of other tests."""
    db.connect(url)
    with db.database.connection_context():
        yield


def _fill_postgres(before: dict[str, list[Row]]) -> None:
    """Make the release's schema and copy its rows, parents before children."""
    with db.database.connection_context():
        Runner(db.database.obj, str(db.MIGRATIONS)).up(LAST)
        db.database.execute_sql(
            "SET session_replication_role = replica"
        )  # rows refer to later ones
        for table, rows in before.items():
            if table == "schema_migration":
                continue
            types = dict(
                db.database.execute_sql(
                    "SELECT column_name, data_type FROM information_schema.columns "
                    "WHERE table_schema = 'public' AND table_name = %s",
                    (table,),
                ).fetchall()
            )
            for row in rows:
                names = ", ".join(f'"{name}"' for name in row)
                marks = ", ".join(f"%s::{types[name]}" for name in row)
                values = [
                    bool(value) if types[name] == "boolean" and value is not None else value
                    for name, value in row.items()
                ]
                db.database.execute_sql(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', values)
            db.database.execute_sql(
                f"SELECT setval(pg_get_serial_sequence('\"{table}\"', 'id'), "
                f'coalesce(max(id), 1)) FROM "{table}"'
            )
        db.database.execute_sql("SET session_replication_role = origin")


def _plain(value: Any) -> Any:
    """Return a value as it compares: SQLite has truth, times and JSON as numbers and text."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="microseconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, str) and value[:1] in {"{", "["}:
        return json.loads(value)
    return value


def _rows(table: str, columns: list[str]) -> list[Row]:
    listed = ", ".join(f'"{name}"' for name in columns)
    found = db.database.execute_sql(f'SELECT {listed} FROM "{table}" ORDER BY "id"').fetchall()
    return [{n: _plain(v) for n, v in zip(columns, row, strict=True)} for row in found]


def _names(row: Row) -> list[str]:
    return json.loads(row["inputs"])


def test_the_stored_database_has_what_the_tests_are_about(before: dict[str, list[Row]]) -> None:
    files, runs = before["file"], before["run"]
    nights = {row["night"] for row in files if row["file_name"] == "0001_BIAS_2x2.fits"}
    assert len(nights) == 2, "two nights have equal names"
    assert {row["state"] for row in files} == {"current", "superseded"}
    assert {row["stale"] for row in files} == {0, 1}
    assert {"done", "failed", "cancelled"} <= {row["state"] for row in runs}
    assert any(row["calibrations"] for row in runs)
    outcomes = {row["outcome"] for row in before["arrival"]}
    assert outcomes == {"indexed", "duplicate", "conflict", "quarantined"}
    for table in ("comment", "settings_change", "membership", "token", "mail", "log_entry"):
        assert before[table], table


def test_every_row_is_kept(before: dict[str, list[Row]]) -> None:
    for table in sorted(set(before) - {"schema_migration"}):
        if not before[table]:
            continue
        columns = [name for name in before[table][0] if name not in CHANGED.get(table, ())]
        kept = [{name: _plain(row[name]) for name in columns} for row in before[table]]
        if table == "file":
            kept = [row | (FORGOTTEN if row["data_type"] == 1 else {}) for row in kept]
        assert _rows(table, columns) == kept, table


def test_what_was_stale_is_out_of_date(before: dict[str, list[Row]]) -> None:
    stale = {row["id"] for row in before["file"] if row["stale"]}
    assert {file.id for file in File.select().where(File.out_of_date)} == stale
    shown = [serialization.as_dict(file) for file in File.select()]
    assert {row["id"] for row in shown if row["stale"]} == stale


def test_the_settings_of_proposals_are_in_force(before: dict[str, list[Row]]) -> None:
    for row in before["proposal"]:
        stored = json.loads(row["settings"])
        settings = proposals.settings_of(Proposal.get_by_id(row["id"])).model_dump(mode="json")
        for section, values in stored.items():
            expected = dict(values)
            if values.get("arc_choice") == "nearest":  # the default of the release, never chosen
                expected["arc_choice"] = "bracketing"
            assert expected.items() <= settings[section].items()


def test_every_warning_is_kept_with_its_facts(before: dict[str, list[Row]]) -> None:
    for row in before["file"]:
        warnings = json.loads(row["warnings"])
        file = File.get_by_id(row["id"])
        assert len(serialization.as_dict(file)["warnings"]) == len(warnings), row["file_name"]
        for old, new in zip(warnings, file.notices, strict=True):
            stored = json.dumps(new, ensure_ascii=False)
            for fact in re.findall(r"\S+\.fits|\d+\.\d+", old):
                assert fact in stored, f"{old} → {stored}"


def test_the_message_of_every_run_is_kept_with_its_facts(before: dict[str, list[Row]]) -> None:
    for row in before["run"]:
        run = Run.get_by_id(row["id"])
        shown = str(read_models.view(run).as_dict()["message"])
        assert bool(shown) == bool(row["message"])
        for fact in re.findall(r"\S+\.fits", row["message"]):
            assert fact in json.dumps(run.notice, ensure_ascii=False)


def test_the_inputs_of_every_product_are_listed(before: dict[str, list[Row]]) -> None:
    products = [row for row in before["file"] if row["data_type"] != DataType.RAW]
    assert sum(len(_names(row)) for row in products) > 100
    for row in products:
        file = File.get_by_id(row["id"])
        assert serialization.as_dict(file, STAFF)["inputs"] == _names(row), file.file_name


def test_the_inputs_of_every_run_are_listed(before: dict[str, list[Row]]) -> None:
    assert any(_names(row) for row in before["run"])
    for row in before["run"]:
        assert read_models.view(Run.get_by_id(row["id"]), STAFF).as_dict()["inputs"] == _names(row)


def test_each_input_is_the_file_that_was_used(before: dict[str, list[Row]]) -> None:
    """Names alone don't tell: the frames of one night are those of its own masters."""
    runs = {row["id"]: row for row in before["run"]}
    found = list(Ingredient.select(Ingredient, File).join(File, on=(Ingredient.product == File.id)))
    assert found
    for ingredient in found:
        product, used = ingredient.product, ingredient.input
        assert used is not None, f"{ingredient.name} in {product.file_name}"
        assert used.file_name == ingredient.name
        assert used.id < product.id
        chosen = json.loads(runs[product.run_id]["calibrations"] or "{}")
        if ingredient.selected_by == SelectedBy.PERSON:
            assert used.id in chosen.values()
        else:
            assert used.night == product.night


def test_roles_selection_and_differences_are_known(before: dict[str, list[Row]]) -> None:
    for row in before["file"]:
        if row["data_type"] == DataType.RAW:
            continue
        rows = ingredients.of(File.get_by_id(row["id"]))
        master_role = Role.MASTER_BIAS if row["data_type"] == DataType.REDUCED else Role.MEMBER
        if rows and row["data_type"] in (DataType.MASTER, DataType.REDUCED):
            assert rows[0].role == master_role
        if row["data_type"] == DataType.WAVELENGTH:
            assert [one.role for one in rows] in ([Role.ARC], [Role.ARC, Role.SECOND_ARC])
    chosen = [row for row in before["run"] if row["calibrations"]]
    for row in chosen:
        (flat_id,) = json.loads(row["calibrations"]).values()
        (product,) = File.select().where(File.run_id == row["id"], File.data_type == 2)
        flat = next(one for one in ingredients.of(product) if one.role == Role.MASTER_FLAT)
        assert (flat.input_id, flat.selected_by) == (flat_id, SelectedBy.PERSON)
    differing = [one for one in Ingredient.select() if one.differences]
    assert {one.role for one in differing} == {Role.MASTER_FLAT}
    for one in differing:
        (difference,) = one.differences
        assert difference["found"] == "1.0_LONG_SLIT"
        assert difference["wanted"] == "3.0_LONG_SLIT"


def test_what_used_a_superseded_master_is_found(before: dict[str, list[Row]]) -> None:
    masters = [row for row in before["file"] if row["state"] == "superseded"]
    assert masters
    for row in masters:
        users = {one["id"] for one in before["file"] if row["file_name"] in _names(one)}
        assert {file.id for file in ingredients.used_in(File.get_by_id(row["id"]))} == users
        current = {one["id"] for one in before["file"] if one["state"] == "current"}
        made = out_of_date.made_with(File.get_by_id(row["id"]))
        assert {file.id for file in made} == users & current


def test_the_database_is_whole() -> None:
    if not isinstance(db.database.obj, SqliteDatabase):
        pytest.skip("the check is SQLite's own")
    assert db.database.execute_sql("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert db.database.execute_sql("PRAGMA foreign_key_check").fetchall() == []


def test_a_choice_of_arcs_that_was_made_is_kept(tmp_path: Path) -> None:
    """The default changes for those only who never chose."""
    opened = db.open_database(f"sqlite:///{tmp_path / 'gsp.db'}")
    runner = Runner(opened, str(db.MIGRATIONS))
    runner.up("0015_site_conditions")

    def chosen(choice: str) -> str:
        return json.dumps({"wavelength": {"arc_choice": choice}})

    columns = "id, soar_id, semester, title, abstract, is_placeholder, settings, created"
    for number, settings in enumerate(
        (chosen("nearest"), chosen("nearest"), chosen("fixed"), "{}")
    ):
        opened.execute_sql(
            f"INSERT INTO proposal ({columns}) VALUES (?, ?, '', '', '', 0, ?, '2026-01-01')",
            (number, f"SOAR-{number}", settings),
        )
    opened.execute_sql(
        "INSERT INTO settings_change (proposal_id, created, before, after) "
        "VALUES (1, '2026-01-01', ?, ?)",
        (chosen("fixed"), chosen("nearest")),
    )
    runner.up()
    stored = opened.execute_sql("SELECT settings FROM proposal ORDER BY id").fetchall()
    choices = [json.loads(one).get("wavelength", {}).get("arc_choice") for (one,) in stored]
    assert choices == ["bracketing", "nearest", "fixed", None]
    opened.close()

"""A list of files is found in indexes alone; the rows, 2 kB each, are read for the page only."""

from __future__ import annotations

import pytest
from peewee import Database, ModelSelect, SqliteDatabase

import db
from db.models import File
from services.search import query as search_query
from services.search.filters import FileFilters
from tests.support import builders

VALUES = {
    "data_type": "0,4",
    "date": "2024-03-10",
    "original_file_id": "7",
    "parent_file_id": "7",
    "ra": "150",
    "dec": "-30",
    "radius": "1d",
} | dict.fromkeys(("date_from", "date_to"), "2024-03-10")


def steps(query: ModelSelect) -> list[str]:
    sql, values = query.sql()
    rows = db.database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
    return [row[-1] for row in rows if " file" in row[-1]]


def reads_every_row(step: str) -> bool:
    """Tell whether a step of a plan opens each file's row; nearly all files are current."""
    by_nothing = step.startswith("SCAN file") or step.endswith("(state=?)")
    return by_nothing and "COVERING INDEX" not in step


@pytest.mark.parametrize("staff", [True, False])
@pytest.mark.parametrize("name", FileFilters.model_fields)
def test_every_filter_is_answered_from_an_index(database: Database, name: str, staff: bool) -> None:
    if not isinstance(database, SqliteDatabase):
        pytest.skip("PostgreSQL plans by what is in the tables, and these are empty")
    user = builders.person("nina", is_staff=staff)
    names = ("ra", "dec", "radius") if name in ("ra", "dec", "radius") else (name,)
    given = FileFilters(**{part: VALUES.get(part, "x") for part in names})
    query = search_query.matching(user, given)
    for asked in (query.order_by(File.date_obs.desc(), File.id.desc()), query):
        plan = steps(asked)
        assert plan and not [step for step in plan if reads_every_row(step)], plan


@pytest.mark.parametrize("many", [False, True])
def test_the_planner_learns_of_large_tables_only(
    database: Database, many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not isinstance(database, SqliteDatabase):
        db.analyse()  # nothing to do, and no failure
        return
    monkeypatch.setattr(db, "ANALYSED_FROM", 1 if many else 2)
    builders.row("0001_star.fits", builders.proposal("SOAR2024A-001"))
    db.analyse()
    tables = {name for (name,) in database.execute_sql("SELECT name FROM sqlite_master")}
    assert ("sqlite_stat1" in tables) is many

"""PostgreSQL compares settings and names as SQLite does, byte by byte, in every locale.

So the order of a list and the letters that a search takes for the same are those of every site, and
the same as those of the catalogue in memory (`services.search.catalogue`).
"""

# ruff: noqa: D103 (the runner calls them)

from __future__ import annotations

from typing import Any

LENGTHS = {
    "file_name": 255,
    "object": 120,
    "obstype": 20,
    "filter": 60,
    "filter_2": 60,
    "grating": 60,
    "slit": 60,
    "roi": 80,
    "wavmode": 60,
    "technique": 16,
}


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001
    _collate(db, "C")


def down(migrator: Any, db: Any) -> None:  # noqa: ARG001
    _collate(db, "default")


def _collate(db: Any, collation: str) -> None:
    if db.param == "?":  # SQLite
        return
    changes = ", ".join(
        f'ALTER COLUMN "{name}" TYPE VARCHAR({length}) COLLATE "{collation}"'
        for name, length in LENGTHS.items()
    )
    db.execute_sql(f'ALTER TABLE "file" {changes}')

"""Indexes of the search page: any page of the whole list, and a part of the sky."""

# ruff: noqa: D103 (the runner calls them)

from __future__ import annotations

from typing import Any

INDEXES = {
    "file_state_date_obs_id": ("state", "date_obs", "id"),
    "file_dec_deg_ra_deg": ("dec_deg", "ra_deg"),
}


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001
    for name, columns in INDEXES.items():
        quoted = ", ".join(f'"{column}"' for column in columns)
        db.execute_sql(f'CREATE INDEX "{name}" ON "file" ({quoted})')


def down(migrator: Any, db: Any) -> None:  # noqa: ARG001
    for name in INDEXES:
        db.execute_sql(f'DROP INDEX "{name}"')

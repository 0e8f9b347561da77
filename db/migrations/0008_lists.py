"""Lists of files and runs: every filter is answered from an index, without reading the rows."""

# ruff: noqa: D103 (the runner calls them)

from __future__ import annotations

from typing import Any

FILE_LIST = (
    "state",
    "date_obs",
    "id",
    "proposal_id",
    "data_type",
    "date",
    "grating",
    "obstype",
    "wavmode",
    "filter",
    "filter_2",
    "slit",
    "roi",
    "technique",
    "object",
    "original_id",
    "parent_id",
    "ra_deg",
    "dec_deg",
    "file_name",
)
INDEXES = {
    "file_list": ("file", FILE_LIST),
    "run_state_id_proposal_id": ("run", ("state", "id", "proposal_id")),
}


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001
    for name, (table, columns) in INDEXES.items():
        quoted = ", ".join(f'"{column}"' for column in columns)
        db.execute_sql(f'CREATE INDEX "{name}" ON "{table}" ({quoted})')


def down(migrator: Any, db: Any) -> None:  # noqa: ARG001
    for name in INDEXES:
        db.execute_sql(f'DROP INDEX "{name}"')

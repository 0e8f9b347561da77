"""Where the telescope pointed, calibrations that a person chose, and the run of a log entry.

Frames that are indexed already keep no pointing: it is read at their arrival.
"""

# ruff: noqa: D103 (the runner calls them)

from __future__ import annotations

from typing import Any

from peewee import DoubleField, IntegerField, JSONField

POINTING = ("airmass", "elevation", "rotator")
NIGHT = "file_night_data_type_proposal_id_date_obs_id"
COLUMNS = ("night", "data_type", "proposal_id", "date_obs", "id")


def up(migrator: Any, db: Any) -> None:
    migrator.migrate(
        *(migrator.add_column("file", name, DoubleField(null=True)) for name in POINTING),
        migrator.add_column("run", "calibrations", JSONField(null=True)),
        migrator.add_column("log_entry", "run_id", IntegerField(null=True)),
    )
    quoted = ", ".join(f'"{column}"' for column in COLUMNS)
    db.execute_sql(f'CREATE INDEX "{NIGHT}" ON "file" ({quoted})')
    db.execute_sql('CREATE INDEX "log_entry_run_id" ON "log_entry" ("run_id")')


def down(migrator: Any, db: Any) -> None:
    db.execute_sql('DROP INDEX "log_entry_run_id"')
    db.execute_sql(f'DROP INDEX "{NIGHT}"')
    migrator.migrate(
        migrator.drop_column("log_entry", "run_id"),
        migrator.drop_column("run", "calibrations"),
        *(migrator.drop_column("file", name) for name in POINTING),
    )

"""The size of the read-out apart from a product's own; how many frames a master was made of.

Products that exist keep the size of their read-out as their own until they are made again.
"""

# ruff: noqa: D103 (the runner calls them)

from __future__ import annotations

import json
from typing import Any

from peewee import IntegerField


def up(migrator: Any, db: Any) -> None:
    migrator.migrate(
        *(
            migrator.add_column("file", name, IntegerField(null=True))
            for name in ("readout_x", "readout_y", "n_combined")
        )
    )
    masters = db.execute_sql("SELECT id, kind, inputs FROM file WHERE data_type = 1").fetchall()
    for row, kind, inputs in masters:
        names = json.loads(inputs) if isinstance(inputs, str) else inputs
        frames = [name for name in names if kind == "bias" or not name.startswith("master_bias")]
        db.execute_sql(f"UPDATE file SET n_combined = {len(frames)} WHERE id = {int(row)}")
    db.execute_sql('CREATE INDEX "file_stale" ON "file" ("data_type", "proposal_id") WHERE stale')


def down(migrator: Any, db: Any) -> None:
    db.execute_sql("DROP INDEX file_stale")
    migrator.migrate(
        *(migrator.drop_column("file", name) for name in ("readout_x", "readout_y", "n_combined"))
    )

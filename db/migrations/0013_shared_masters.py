"""How frames came in and who accepted them; masters keep nothing of a proposal.

A frame below ``home/uploads`` was uploaded, any other came through a watched folder. A frame whose
kind a person had changed is not used for shared masters until staff accept it. The target,
identifiers and pointing of the newest member are removed from masters, and so is what was said of
that frame.
"""

# ruff: noqa: D103 (the runner calls them)

from __future__ import annotations

import json
from typing import Any

from peewee import CharField, IntegerField

EMPTY = ("object", "obsra", "obsdec")
UNKNOWN = (
    *("ra_deg", "dec_deg", "observation_id", "configuration_id", "block_id", "image_id"),
    *("airmass", "elevation", "rotator"),
)


def up(migrator: Any, db: Any) -> None:
    migrator.migrate(
        migrator.add_column("file", "origin", CharField(8, default="watched")),
        migrator.add_column("file", "accepted_by", IntegerField(null=True)),
        migrator.add_column("file", "n_given", IntegerField(null=True)),
    )
    db.execute_sql(
        "UPDATE file SET origin = 'uploaded' WHERE data_type = 0 "
        "AND REPLACE(full_path, '/uploads/', '') <> full_path"
    )
    cleared = [f"\"{name}\" = ''" for name in EMPTY] + [f'"{name}" = NULL' for name in UNKNOWN]
    db.execute_sql(
        f"UPDATE file SET {', '.join(cleared)}, n_given = n_combined, overrides = '{{}}' "
        "WHERE data_type = 1"
    )
    mark = "?" if type(db).__name__.startswith("Sqlite") else "%s"
    for number, stored in db.execute_sql(
        "SELECT id, notices FROM file WHERE data_type = 1"
    ).fetchall():
        told = json.loads(stored) if isinstance(stored, str) else stored
        kept = [one for one in told if is_of_master(one)]
        if kept != told:
            db.execute_sql(
                f"UPDATE file SET notices = {mark} WHERE id = {mark}", (json.dumps(kept), number)
            )

    for number, stored in db.execute_sql(
        "SELECT id, notice FROM run WHERE proposal_id IS NULL AND notice IS NOT NULL"
    ).fetchall():
        reason = json.loads(stored) if isinstance(stored, str) else stored
        if reason and without_names(reason):
            changed = json.dumps(reason)
            db.execute_sql(f"UPDATE run SET notice = {mark} WHERE id = {mark}", (changed, number))


def without_names(reason: dict[str, Any]) -> bool:
    """Replace the names of frames in what is said of a master's run; return whether there were."""
    named = {"file", "reference"} & set(reason.get("params", {}))
    reason.get("params", {}).update(dict.fromkeys(named, "a frame"))
    return bool(named)


def is_of_master(told: dict[str, Any]) -> bool:
    """Return whether a notice is of the master itself, not of the frame that it was made after."""
    return "role" in told.get("params", {}) or told.get("code") == "flats_left_out"


def down(migrator: Any, db: Any) -> None:  # noqa: ARG001 (the runner passes the database)
    migrator.migrate(
        *(migrator.drop_column("file", name) for name in ("n_given", "accepted_by", "origin"))
    )

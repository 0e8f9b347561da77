"""Products that are replaced in place when a better arc comes; bracketing arcs are the default.

A product keeps the version (checksum) of its parent and of each ingredient, an ingredient that was
tried and not used the reason, and a run the run whose products it replaces. The arc choice of
proposals that never changed it becomes the new default.
"""

# ruff: noqa: D103 (the runner calls them)

from __future__ import annotations

import json
from typing import Any

from peewee import CharField, DateTimeField, IntegerField, JSONField, SqliteDatabase

OLD, NEW = "nearest", "bracketing"
CODES = {"second_arc_not_used": "arc_not_used"}
NOT_STARTED = "('waiting', 'queued')"


def up(migrator: Any, db: Any) -> None:
    migrator.migrate(
        migrator.add_column("file", "parent_version", CharField(64, default="")),
        migrator.add_column("file", "provisional_until", DateTimeField(null=True)),
        migrator.add_column("ingredient", "version", CharField(64, default="")),
        migrator.add_column("ingredient", "refused", JSONField(null=True)),
        migrator.add_column("run_input", "version", CharField(64, default="")),
        migrator.add_column("run", "replaces", IntegerField(null=True)),
        migrator.add_index("run", ("replaces",), False),
    )
    _rename_codes(db, CODES)
    _bracket(db)


def down(migrator: Any, db: Any) -> None:
    _rename_codes(db, {new: old for old, new in CODES.items()})
    migrator.migrate(
        migrator.drop_index("run", "run_replaces"),
        migrator.drop_column("run", "replaces"),
        migrator.drop_column("run_input", "version"),
        migrator.drop_column("ingredient", "refused"),
        migrator.drop_column("ingredient", "version"),
        migrator.drop_column("file", "provisional_until"),
        migrator.drop_column("file", "parent_version"),
    )


def _rename_codes(db: Any, codes: dict[str, str]) -> None:
    """Rename codes of notices wherever they are stored; no text of a person is JSON like this."""
    for table, column in (("file", "notices"), ("run", "notice"), ("log_entry", "notice")):
        for old, new in codes.items():
            marked = f'%"{old}"%'
            rows = db.execute_sql(
                f'SELECT id, "{column}" FROM "{table}" '
                f'WHERE CAST("{column}" AS TEXT) LIKE {db.param}',
                (marked,),
            ).fetchall()
            for number, stored in rows:
                text = stored if isinstance(stored, str) else json.dumps(stored)
                _set(db, table, column, number, text.replace(f'"{old}"', f'"{new}"'))


def _bracket(db: Any) -> None:
    """Give the new default to proposals that never chose an arc, and to their runs to come."""
    chosen = {
        proposal
        for proposal, before, after in db.execute_sql(
            "SELECT proposal_id, before, after FROM settings_change"
        ).fetchall()
        if _choice(before) != _choice(after)
    }
    for number, settings in db.execute_sql("SELECT id, settings FROM proposal").fetchall():
        stored = _json(settings)
        if number in chosen or stored.get("wavelength", {}).get("arc_choice") != OLD:
            continue
        stored["wavelength"]["arc_choice"] = NEW
        _set(db, "proposal", "settings", number, json.dumps(stored))
    automatic = db.execute_sql(
        "SELECT id, proposal_id, settings FROM run WHERE block = 'wavelength' AND user_id IS NULL "
        f"AND state IN {NOT_STARTED}"
    ).fetchall()
    for number, proposal, settings in automatic:
        stored = _json(settings)
        if proposal not in chosen and stored.get("arc_choice") == OLD:
            stored["arc_choice"] = NEW
            _set(db, "run", "settings", number, json.dumps(stored))


def _choice(settings: Any) -> str:
    return str(_json(settings).get("wavelength", {}).get("arc_choice", OLD))


def _json(value: Any) -> dict[str, Any]:
    found = json.loads(value) if isinstance(value, str) else value
    return found or {}


def _set(db: Any, table: str, column: str, number: int, text: str) -> None:
    cast = "" if isinstance(db, SqliteDatabase) else "::jsonb"
    db.execute_sql(
        f'UPDATE "{table}" SET "{column}" = {db.param}{cast} WHERE id = {db.param}', (text, number)
    )

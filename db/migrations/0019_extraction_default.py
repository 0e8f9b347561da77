"""The extraction type that nobody chose follows the new default.

Settings are stored whole when one of them is changed, so that a proposal may hold the former
default ``fractional`` although nobody selected it. It is removed unless a change of the settings
selected it.
"""

# ruff: noqa: D103 (the runner calls them)

from __future__ import annotations

import json
from typing import Any

SECTION, NAME, FORMER = "extract", "extraction_type", "fractional"


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001 (the runner gives both)
    selected = {
        int(proposal)
        for proposal, before, after in db.execute_sql(
            "SELECT proposal_id, before, after FROM settings_change"
        ).fetchall()
        if _type(before) != _type(after)
    }
    for number, stored in db.execute_sql("SELECT id, settings FROM proposal").fetchall():
        settings = _json(stored)
        if number in selected or settings.get(SECTION, {}).get(NAME) != FORMER:
            continue
        del settings[SECTION][NAME]
        db.execute_sql(
            f"UPDATE proposal SET settings = {db.param} WHERE id = {db.param}",
            [json.dumps(settings), number],
        )


def down(migrator: Any, db: Any) -> None:  # noqa: ARG001 (the runner gives both)
    for number, stored in db.execute_sql("SELECT id, settings FROM proposal").fetchall():
        settings = _json(stored)
        if settings.get(SECTION) and NAME not in settings[SECTION]:
            settings[SECTION][NAME] = FORMER
            db.execute_sql(
                f"UPDATE proposal SET settings = {db.param} WHERE id = {db.param}",
                [json.dumps(settings), number],
            )


def _type(stored: Any) -> str:
    return str(_json(stored).get(SECTION, {}).get(NAME, FORMER))


def _json(value: Any) -> dict[str, Any]:
    return dict(json.loads(value) if isinstance(value, str) else value or {})

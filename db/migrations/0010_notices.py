"""What files, runs, arrivals and the log have to say is kept as notices instead of as sentences.

A notice is a code, a severity and parameters (`reduction.notices`). Sentences on which something
depends (which calibration was used and what differed, what was made without a master, what a run
waits for) become the notice of their code. Every other sentence is kept word for word, as a notice
of code ``legacy_text``.
"""

# ruff: noqa: D103 (the runner calls them)

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any

from peewee import JSONField, TextField

BATCH = 500

Stored = dict[str, Any]


def up(migrator: Any, db: Any) -> None:
    migrator.migrate(
        migrator.rename_column("file", "warnings", "notices"),
        migrator.add_column("run", "notice", JSONField(null=True)),
        migrator.add_column("arrival", "notice", JSONField(null=True)),
        migrator.add_column("log_entry", "notice", JSONField(null=True)),
        migrator.add_column("log_entry", "search_text", TextField(default="")),
    )
    table = "log_entry"
    for number, texts in _rows(db, "file", "notices", "CAST(notices AS TEXT) <> '[]'"):
        _set(db, "file", number, notices=[of_text(text) for text in _json(texts)])
    for number, state, text in _rows(db, "run", "state, message", "message <> ''"):
        severity = "error" if state == "failed" else "info"
        _set(db, "run", number, notice=of_text(text, severity))
    for number, path, keyword, text in _rows(
        db, "arrival", "path, keyword, sentence", "sentence <> ''"
    ):
        _set(db, "arrival", number, notice=of_arrival(path, keyword, text))
    for number, level, text in _rows(db, table, "level, sentence", "1 = 1"):
        _set(db, table, number, notice=_legacy(text, level), search_text=text)
    migrator.migrate(migrator.add_not_null(table, "notice"))
    for name, column in (
        ("run", "message"),
        ("arrival", "keyword"),
        ("arrival", "sentence"),
        (table, "sentence"),
    ):
        db.execute_sql(f'ALTER TABLE "{name}" DROP COLUMN "{column}"')


def down(migrator: Any, db: Any) -> None:
    from reduction.notice_text import text  # noqa: PLC0415 - only to go back a release
    from reduction.notices import Notice  # noqa: PLC0415

    def sentence(stored: Any) -> str:
        return text(Notice.from_json(_json(stored)))

    table = "log_entry"
    migrator.migrate(
        migrator.add_column("run", "message", TextField(default="")),
        migrator.add_column("arrival", "keyword", TextField(default="")),
        migrator.add_column("arrival", "sentence", TextField(default="")),
        migrator.add_column(table, "sentence", TextField(default="")),
    )
    for number, stored in _rows(db, "file", "notices", "CAST(notices AS TEXT) <> '[]'"):
        _set(db, "file", number, notices=[sentence(one) for one in _json(stored)])
    for number, stored in _rows(db, "run", "notice", "notice IS NOT NULL"):
        _set(db, "run", number, message=sentence(stored))
    for number, stored in _rows(db, "arrival", "notice", "notice IS NOT NULL"):
        params = _json(stored)["params"]
        keyword = (params.get("reason") or {"params": {}})["params"].get("keyword", "")
        _set(db, "arrival", number, keyword=keyword, sentence=sentence(stored))
    for number, stored in _rows(db, table, "notice", "notice IS NOT NULL"):
        _set(db, table, number, sentence=sentence(stored))
    migrator.migrate(migrator.rename_column("file", "notices", "warnings"))
    for name, column in (
        ("run", "notice"),
        ("arrival", "notice"),
        (table, "notice"),
        (table, "search_text"),
    ):
        db.execute_sql(f'ALTER TABLE "{name}" DROP COLUMN "{column}"')


# --- rows -------------------------------------------------------------------------------------


def _rows(db: Any, table: str, columns: str, condition: str) -> Iterator[tuple[Any, ...]]:
    after = 0
    while True:
        rows = db.execute_sql(
            f'SELECT id, {columns} FROM "{table}" WHERE {condition} AND id > {after} '
            f"ORDER BY id LIMIT {BATCH}"
        ).fetchall()
        if not rows:
            return
        yield from rows
        after = int(rows[-1][0])


def _set(db: Any, table: str, number: int, **values: Any) -> None:
    columns = ", ".join(f'"{name}" = {db.param}' for name in values)
    given = [one if isinstance(one, str) else json.dumps(one) for one in values.values()]
    db.execute_sql(f'UPDATE "{table}" SET {columns} WHERE id = {db.param}', [*given, number])


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


# --- sentences of the release before ----------------------------------------------------------


def of_text(text: str, severity: str = "warning") -> Stored:
    """Return the notice of a sentence."""
    for pattern, made in _KNOWN:
        match = pattern.fullmatch(text)
        if match is not None:
            with suppress(ValueError):  # a detail that no release wrote: the sentence is kept
                return made(match)
    return _legacy(text, severity)


def of_arrival(path: str, keyword: str, text: str) -> Stored:
    """Return the notice of a path that was refused; `keyword` is the header card at fault."""
    name = PurePosixPath(path).name
    start = f"{name}: "
    if not text.startswith(start):
        return _legacy(text, "error")
    reason = _legacy(text.removeprefix(start), "error")
    if keyword:
        reason["code"], reason["params"]["keyword"] = "legacy_header_text", keyword
    return _notice("quarantined", "error", file=name, reason=reason)


def _notice(code: str, severity: str, **params: Any) -> Stored:
    return {"code": code, "severity": severity, "params": params}


def _legacy(text: str, severity: str) -> Stored:
    return _notice("legacy_text", severity, text=text)


_QUANTITIES = {
    "INSTCONF": "camera",
    "GAIN": "gain",
    "RDNOISE": "read_noise",
    "CCDSUM": "binning",
    "NAXIS": "size",
    "ROI": "region",
    "technique": "technique",
    "GRATING": "grating",
    "CAM_TARG": "camera_angle",
    "GRT_TARG": "grating_angle",
    "FILTER": "filter",
    "FILTER2": "order_filter",
    "SLIT": "slit",
}
_NUMBERS = {"gain", "read_noise", "camera_angle", "grating_angle"}
_OTHER_PIXELS = {"camera", "binning", "size", "technique"}
_OTHER_WAVELENGTHS = {"camera", "grating", "camera_angle", "grating_angle", "technique"}


def _value(quantity: str, text: str) -> str | float | None:
    if text in ("(none)", "unknown"):
        return None if quantity in _NUMBERS else ""
    return float(text) if quantity in _NUMBERS else text


def _differences(role: str, text: str) -> list[Stored]:
    return [_difference(role, part) for part in text.split(", ")]


def _difference(role: str, text: str) -> Stored:
    if match := re.fullmatch(r"(\d+) frames instead of (\d+)", text):
        found, wanted = int(match[1]), int(match[2])
        return _unlike("frames", wanted, found, "on_request")
    if match := re.fullmatch(r"DATE-OBS (\d+) days away(?: \(at most (\d+)\))?", text):
        limit = float(match[2]) if match[2] else 1.0
        return _unlike("days_apart", limit, int(match[1]), "on_request" if match[2] else "usable")
    match = re.fullmatch(r"(\S+) (.+) instead of (.+)", text)
    if match is None or match[1] not in _QUANTITIES:
        raise ValueError(f"no difference of a calibration: {text}")
    quantity = _QUANTITIES[match[1]]
    fatal = _OTHER_WAVELENGTHS if role == "arc lamp" else _OTHER_PIXELS
    usable = "usable" if quantity == "slit" else "on_request"
    effect = "fatal" if quantity in fatal else usable
    return _unlike(quantity, _value(quantity, match[3]), _value(quantity, match[2]), effect)


def _unlike(quantity: str, wanted: Any, found: Any, effect: str) -> Stored:
    return {"quantity": quantity, "wanted": wanted, "found": found, "effect": effect}


def _setup(text: str) -> Stored:
    """Return the setup and read-out that a sentence lists."""
    setup: Stored = {}
    for keyword, value in re.findall(
        r"(GRATING|CAM_TARG|GRT_TARG|FILTER2|FILTER|RDNOISE|GAIN) ([^,;]+)", text
    ):
        setup[_QUANTITIES[keyword]] = _value(_QUANTITIES[keyword], value)
    if readout := re.search(r"(\w+) camera, .*, (\d+x\d+), (\d+) x (\d+) pixels", text):
        setup |= {"camera": readout[1], "binning": readout[2], "size": f"{readout[3]}x{readout[4]}"}
    return setup


def _no_calibration(role: str) -> Callable[[re.Match[str]], Stored]:
    def made(match: re.Match[str]) -> Stored:
        differences = _differences(role, match["differences"]) if match["differences"] else []
        return _notice(
            "no_calibration",
            "warning",
            role=role,
            setup=_setup(match["setup"]),
            nearest=match["nearest"],
            differences=differences,
        )

    return made


def _matched(code: str, severity: str = "warning") -> Callable[[re.Match[str]], Stored]:
    """Return what makes a notice of the named groups of a sentence, whole numbers as such."""

    def made(match: re.Match[str]) -> Stored:
        values = match.groupdict().items()
        return _notice(code, severity, **{k: int(v) if v.isdigit() else v for k, v in values})

    return made


def _about(role: str, code: str) -> Callable[[re.Match[str]], Stored]:
    return lambda _: _notice(code, "warning", role=role)


def _differing(code: str) -> Callable[[re.Match[str]], Stored]:
    def made(match: re.Match[str]) -> Stored:
        differences = _differences(match["role"], match["differences"])
        file = match.groupdict().get("file")
        return _notice(code, "warning", role=match["role"], file=file, differences=differences)

    return made


_ROLE = r"(?P<role>master bias|master flat|arc lamp)"
_NEAREST = (
    r"(?:; there is no candidate at all|"
    r"; nearest: (?P<nearest>\S+), differs in (?P<differences>.+))"
)
_KNOWN: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Stored]], ...] = tuple(
    (re.compile(pattern), made)
    for pattern, made in (
        (rf"{_ROLE}: not quite the same: (?P<differences>.+)", _differing("degraded_match")),
        (
            rf"{_ROLE}: (?P<file>\S+) was chosen by hand although it differs: (?P<differences>.+)",
            _differing("manual_calibration_differs"),
        ),
        (rf"{_ROLE}: (?P<file>\S+) was chosen by hand", _matched("manual_calibration", "info")),
        (
            r"no master bias: the overscan level was subtracted instead\.",
            _about("master bias", "made_without"),
        ),
        (
            r"no master flat: the frame was not flat-fielded\.",
            _about("master flat", "made_without"),
        ),
        (
            rf"no bias with this read-out \((?P<setup>.+?)\){_NEAREST}",
            _no_calibration("master bias"),
        ),
        (rf"no flat with this setup \((?P<setup>.+?)\){_NEAREST}", _no_calibration("master flat")),
        (
            rf"no arc lamp taken with this setup \((?P<setup>.+?)\){_NEAREST}",
            _no_calibration("arc lamp"),
        ),
        (
            r"no (?P<role>master \w+) of (?P<needed>\d+) frames, as the proposal asks for; "
            r"(?P<file>\S+) was made of (?P<found>\d+)",
            _matched("master_too_small"),
        ),
        (
            r"arc lamp: there is none on the other side of the exposure; (?P<file>\S+) stands "
            r"alone\.",
            _matched("arc_one_side"),
        ),
        (r"extracted by hand\.", _matched("manual_extraction", "info")),
        (r"looking for its calibrations", _matched("not_examined", "info")),
        (
            r"waiting for a (?P<role>master \w+) \((?P<found>\d+) of (?P<needed>\d+) frames so "
            r"far\)",
            _matched("waiting_for_frames", "info"),
        ),
        (
            r"waiting for the arc lamp (?P<file>\S+) to be reduced",
            _matched("waiting_for_arc", "info"),
        ),
    )
)

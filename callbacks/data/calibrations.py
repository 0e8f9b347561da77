"""Why a file is what it is: its calibrations, what could serve instead, what is out of date.

And one run, opened by ``?run=`` of the address: what was done with which settings and files.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

from dash import Dash, Input, Output, html
from dash.exceptions import PreventUpdate

from callbacks.core.guard import guarded, person
from callbacks.core.markup import html_of, paint_from
from callbacks.data.address import Address, parse
from reduction.registry import CalibrationRole
from services import logs, request_coalescing
from services.calibration import out_of_date, report
from services.calibration.manual import Candidate
from services.calibration.report import Search
from services.errors import NotFound
from services.files import lookup
from services.runs import lifecycle

REGION = "view-why"


def register(app: Dash) -> None:
    """Connect the panel below the file on show, and the run's."""
    app.callback(
        Output("why-parts", "data"),
        Input("shown", "data"),
    )(guarded(1)(show))
    paint_from(app, "why-parts")
    app.callback(
        Output("view-run", "children"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("live-run", "data"),
        Input("done", "data"),
    )(guarded(1)(show_run))


def show(shown: Mapping[str, Any] | None) -> dict[str, Any]:
    """Draw what is out of date, and the calibrations of the file on show."""
    now = request_coalescing.moment()
    drawn = {REGION: ""}
    if shown:
        user = person()
        with suppress(NotFound):  # deleted a moment ago: the view says so
            drawn = region(user, lookup.get(user, int(shown["id"])))
    return {"at": now.latest, "html": drawn}


def region(user: Any, file: Any, when: request_coalescing.Moment | None = None) -> dict[str, str]:
    """Return the panel of a file that the person may see: the same for all who may process it."""
    may = report.may_choose(user, file)
    key = ("why", file.id, may)
    return request_coalescing.read(
        when, key, lambda: {REGION: html_of(_panel(user, file, may=may))}
    )


def _panel(user: Any, file: Any, *, may: bool) -> list[Any]:
    drawn: list[Any] = [_stale(file, may=may)] if file.stale else []
    searches = report.of_file(user, file)
    if searches:
        drawn.append(_calibrations(searches, may=may))
    return drawn


def _stale(file: Any, *, may: bool) -> html.Div:
    newer = out_of_date.newer(file)
    parts: list[Any] = [html.Strong("Out of date"), html.Span(out_of_date.why(file))]
    if newer is not None:
        parts.append(
            html.A(
                "Show the newer version",
                href=Address(file=str(newer.id)).href(),
                **{"data-go": ""},
            )
        )
    elif may and file.proposal is not None:
        parts.append(
            html.Button(
                "Reduce again",
                type="button",
                className="button",
                **{"data-command": "again", "data-file": str(file.id)},
            )
        )
    return html.Div(parts, className="stale-note", role="status")


def _calibrations(searches: Sequence[Search], *, may: bool) -> html.Details:
    missing = [str(one.role) for one in searches if not one.taken]
    made = searches[0].is_made
    head = "Calibrations"
    if missing:
        head += f": {'made' if made else 'no'} {'without ' if made else ''}{' and '.join(missing)}"
    return html.Details(
        [html.Summary(head, className="warn" if missing else ""), *map(_by(may=may), searches)],
        className="why",
        id="why",
    )


def _by(*, may: bool) -> Any:
    return lambda search: _search(search, may=may)


def _search(search: Search, *, may: bool) -> html.Section:
    verb = "took" if search.is_made else "would take"
    said = f"{search.block.label} of {search.target.file_name} {verb} "
    said += search.taken or f"no {search.role}"
    if search.sentence:
        said += f": {search.sentence}"
    frames = "" if search.role is CalibrationRole.ARC else "Frames"
    head = html.Tr([html.Th(text) for text in ("", "Taken (UTC)", frames, "Differs in", "")])
    rows = [_candidate(search, one, may=may) for one in search.candidates]
    table: Any = html.Div(
        html.Table([html.Thead(head), html.Tbody(rows)], className="table-quiet"),
        className="scroll-x",
    )
    if not rows:
        table = html.P(f"There is no {search.role} near it in time.", className="quiet")
    return html.Section(
        [html.H3(str(search.role).capitalize()), html.P(said.rstrip(".") + "."), table]
    )


def _candidate(search: Search, one: Candidate, *, may: bool) -> html.Tr:
    file = one.file
    mark = "✓" if _is_taken(search, one) else "≈" if one.fits else ""
    words = "taken" if mark == "✓" else "fits" if one.fits else "does not fit"
    action: Any = ""
    if one.obstacle:
        action = html.Span(one.obstacle, className="quiet")
    elif may and mark != "✓":
        action = _use(search, one)
    return html.Tr(
        [
            html.Td(
                [
                    html.Span(mark, className="fit", role="img", **{"aria-label": words}),
                    html.A(
                        file.file_name, href=Address(file=str(file.id)).href(), **{"data-go": ""}
                    ),
                ]
            ),
            html.Td(f"{file.date_obs:%Y-%m-%d %H:%M}", className="code"),
            html.Td(file.n_combined or ""),
            html.Td(", ".join(one.differences) or "nothing"),
            html.Td(action),
        ]
    )


def _is_taken(search: Search, one: Candidate) -> bool:
    """Tell whether this is what the step took; of an arc its reduced frame is named."""
    name = one.file.file_name
    stem = name.split(".fits", 1)[0]
    is_arc = search.role is CalibrationRole.ARC
    taken = search.taken.split(" and ")
    return name in taken or (is_arc and any(f"_{stem}." in other for other in taken))


def _use(search: Search, one: Candidate) -> html.Button:
    given = {
        "data-block": search.block.name,
        "data-file": str(search.target.id),
        "data-need": str(search.role),
        "data-calibration": str(one.file.id),
    }
    name = one.file.file_name
    if not one.differences:
        facts = {"data-command": "use", "aria-label": f"Use {name}", **given}
        return html.Button("Use it", type="button", className="button", **facts)
    question = (
        f"{search.block.label} with {name}, although it differs in {', '.join(one.differences)}? "
        "What is made with it will say so."
    )
    asked = {"data-command": "ask", "data-then": "use", "data-yes": "Use it anyway"}
    return html.Button(
        "Use it anyway",
        type="button",
        className="button",
        **{**asked, "data-question": question, "aria-label": f"Use {name} anyway", **given},
    )


# --- one run --------------------------------------------------------------------------------------


def show_run(pathname: str | None, search: str | None, *_: Any) -> Any:
    """Draw the run that the address names; nothing without one."""
    address = parse(pathname, search)
    if address is None:
        raise PreventUpdate
    text = parse_qs((search or "").lstrip("?")).get("run", [""])[0]
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return []
    user = person()
    try:
        run = lifecycle.get(user, int(text))
    except NotFound:
        return html.Section(
            [html.P("There is no such run, or it is not yours to see."), _close(address)],
            className="run-view",
        )
    return _run(
        address, lifecycle.as_dict(run), run, logs.of_run(user, run.id), lifecycle.defaults(run)
    )


def _close(address: Address) -> html.A:
    return html.A("Close", href=address.href(), className="button", **{"data-go": ""})


def _run(
    address: Address,
    line: Mapping[str, Any],
    run: Any,
    said: Sequence[Any],
    defaults: Mapping[str, Any],
) -> Any:
    who = "by itself" if run.user is None else f"asked for by {run.user.full_name}"
    facts: list[tuple[str, Any]] = [
        ("State", _state(line)),
        ("Started", who),
        ("On", _file(line["file_id"], line["file_name"])),
        ("Times (UTC)", _times(run)),
        ("Took in", _names(line["inputs"]) or "nothing besides the file"),
    ]
    if run.calibrations:
        chosen = [f"{role}: file {number}" for role, number in run.calibrations.items()]
        facts.append(("Chosen by hand", "; ".join(chosen)))
    made = [_file(one["id"], one["file_name"]) for one in line["products"]]
    facts.append(("Made", _lines(made) if made else "nothing"))
    if said:
        facts.append(("Messages", _lines([entry.sentence for entry in said])))
    return html.Section(
        [
            html.Div([html.H2(f"{line['label']}, run {line['id']}"), _close(address)]),
            html.Dl([part for name, value in facts for part in (html.Dt(name), html.Dd(value))]),
            html.Details(
                [html.Summary("Settings"), _settings(dict(line["settings"]), defaults)], open=True
            ),
        ],
        className="run-view",
        **{"aria-label": "Run"},
    )


def _state(line: Mapping[str, Any]) -> str:
    words = str(line["state"])
    if line["state"] == "running":
        words += f": {line['step'] or 'starting'}, {round(100 * float(line['progress'] or 0))} %"
    elif line["message"]:
        words += f": {line['message']}"
    return words + (f" (attempt {line['attempt']})" if (line["attempt"] or 0) > 1 else "")


def _times(run: Any) -> str:
    def clock(when: dt.datetime | None) -> str:
        return f"{when.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}" if when else "–"

    text = f"asked {clock(run.created)}, begun {clock(run.started)}, ended {clock(run.finished)}"
    if run.started and run.finished:
        text += f" ({(run.finished - run.started).total_seconds():.1f} s)"
    return text


def _file(number: int | None, name: str) -> Any:
    if number is None:
        return name or "frames of a series"
    return html.A(name, href=Address(file=str(number)).href(), **{"data-go": ""})


def _names(names: Sequence[str]) -> Any:
    links = [html.A(n, href=Address(file=n).href(), **{"data-go": ""}) for n in names]
    return _lines(links) if links else ""


def _lines(parts: Sequence[Any]) -> html.Ul:
    return html.Ul([html.Li(part) for part in parts])


def _settings(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> Any:
    if not given:
        return html.P("None.", className="quiet")
    rows = []
    for name, value in given.items():
        changed = name in defaults and defaults[name] != value
        cells = [html.Td(name.replace("_", " ")), html.Td(_text(value))]
        cells.append(html.Td(f"default {_text(defaults[name])}" if changed else ""))
        rows.append(html.Tr(cells, className="changed" if changed else ""))
    return html.Table(html.Tbody(rows), className="table-quiet")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

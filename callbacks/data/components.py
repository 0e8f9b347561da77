"""Pieces of the view of a file, from rows to components; they decide nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Sequence
from typing import Any

from dash import html

from callbacks.core.text import sentence
from callbacks.data.address import Address
from reduction.frames import DataType
from services import access
from services.errors import Conflict

_UNITS = {
    "adu": "ADU",
    "electron": "electron",
    "angstrom": "Å",
    "pixel": "px",
    "percent": "%",
    "arcsec": "″",
}

MOST_NAMED = 8
STEP_GLYPH = {"running": "◐", "queued": "◌", "waiting": "◌", "failed": "!"}


def nothing_yet(address: Address) -> list[Any]:
    """Say what will come here."""
    whose = " of this proposal" if address.proposal else ""
    return [
        html.H1(f"No frames{whose} yet"),
        html.P(
            "The newest frame is shown here as soon as it is whole in a watched folder, and its "
            "reduced, extracted and calibrated products as they are made."
        ),
    ]


def gone(address: Address) -> list[Any]:
    """Say that a file does not exist, or not for this person."""
    return [
        html.H1("No such file"),
        html.P("It was deleted, or it belongs to a proposal that you are not part of."),
        html.P(html.A("Show the newest file", href=address.href(file=None), **{"data-go": ""})),
    ]


def several(address: Address, error: Conflict) -> list[Any]:
    """Offer the files of one name to choose from."""
    ids = (error.detail or {}).get("ids", [])
    links = [
        html.Li(html.A(f"File {number}", href=address.href(file=str(number)), **{"data-go": ""}))
        for number in ids
    ]
    return [html.H1("Several files have this name"), html.Ul(links)]


def notes(file: Any, trouble: str | None) -> list[Any]:
    """Return the name, time, measured numbers and warnings of a file."""
    made: list[Any] = []
    if trouble:
        made.append(html.P(f"This file can't be shown: {trouble}", className="warning bad"))
    facts = [
        html.Span([html.Span(word, className="key"), " ", value])
        for word, value in (
            _fact(*item)
            for item in dict(file.quality or {}).items()
            if not isinstance(item[1], list)
        )
        if value
    ]
    made.append(html.Div(facts, className="facts") if facts else None)
    sentences = list(file.warnings or [])
    made += [html.P(sentence(text), className="warning") for text in sentences]
    stamp = file.last_modified.astimezone(dt.UTC)
    made.append(
        html.P(
            [
                html.Span(file.file_name, className="file-name"),
                html.Span(
                    [
                        "Last Modified: ",
                        html.Time(f"{stamp:%Y-%m-%d %H:%M:%S} UTC", dateTime=stamp.isoformat()),
                    ]
                ),
            ],
            className="stamp",
        )
    )
    return [part for part in made if part is not None]


def _fact(name: str, value: Any) -> tuple[str, str]:
    words = name.split("_")
    unit = _UNITS.get(words[-1], "")
    if unit and len(words) > 1:
        words = words[:-1]
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    text = "" if value is None else text
    return " ".join(words), f"{text} {unit}".strip()


def actions(
    file: Any, states: Sequence[Any], said: Container[str], doomed: Sequence[str]
) -> list[Any]:
    """Return what can be done with a file; what can't is greyed and says why.

    A reason that a run says already (`said`) is not repeated. `doomed` are the names of what is
    deleted with the file, itself first; none when it can't be deleted.
    """
    made: list[Any] = [
        html.A(
            "Download",
            href=f"/api/files/download/?id={file.id}",
            className="button",
            download=file.file_name,
        )
    ]
    advanced = _advanced(file)
    if advanced is not None:
        made.append(advanced)
    for state in states:
        given = {"data-command": "run", "data-block": state.block, "data-file": str(file.id)}
        if not state.enabled:
            given["aria-disabled"] = "true"
        made.append(
            html.Button(
                state.label,
                type="button",
                className="button main",
                title=state.reason or "",
                **given,
            )
        )
    reasons = [
        f"{state.label}: {state.reason}"
        for state in states
        if not state.enabled and state.reason not in said
    ]
    if doomed:
        made.append(
            html.Button(
                "Delete",
                type="button",
                className="button danger",
                **{
                    "data-command": "ask",
                    "data-then": "delete",
                    "data-file": str(file.id),
                    "data-question": _question(doomed),
                },
            )
        )
    if reasons:
        made.append(html.P([html.Span(sentence(r)) for r in reasons], className="reasons"))
    return made


def _advanced(file: Any) -> html.A | None:
    """Return the way to the image's advanced page; of a spectrum, to that of its frame's."""
    image, query = file.id, ""
    if file.n_y == 1:
        spectrum = file
        while spectrum is not None and DataType(str(spectrum.data_type)) > DataType.EXTRACTED:
            spectrum = spectrum.parent
        if spectrum is None or spectrum.parent_id is None:
            return None
        image, query = spectrum.parent_id, f"?spectrum={spectrum.id}"
    href = f"/data/{image}/advanced{query}"
    return html.A("Advanced Visualization", href=href, className="button", **{"data-go": ""})


def _question(doomed: Sequence[str]) -> str:
    """Ask whether a file is to be deleted, naming all that goes with it."""
    name, *others = doomed
    said = f"Delete {name}"
    if others:
        named = ", ".join(others[:MOST_NAMED])
        more = f" and {len(others) - MOST_NAMED} more" if others[MOST_NAMED:] else ""
        said += f", and what was made from it: {named}{more}"
    return f"{said}? The raw frame stays, so it can be made again."


def run(line: dict[str, Any]) -> Any | None:
    """Return how a run stands; None when there is nothing to say."""
    state, number = line["state"], str(line["id"])
    if state not in STEP_GLYPH:
        return None
    label = str(line.get("label") or line["block"])
    words = {
        "queued": "queued",
        "waiting": line["message"] or "waiting",
        "failed": line["message"] or "failed",
        "running": line["step"] or "starting",
    }[state]
    parts: list[Any] = [
        html.Span(STEP_GLYPH[state], className=f"run-mark {state}", **{"aria-hidden": "true"}),
        html.Strong(label),
        html.Span(sentence(words) if state != "running" else words, className="words"),
    ]
    if state == "running":
        percent = round(100 * float(line["progress"] or 0))
        parts.append(html.Progress(value=str(percent), max="100", **{"aria-label": label}))
    command, text = ("retry", "Try again") if state == "failed" else ("cancel", "Cancel")
    parts.append(
        html.Button(
            text,
            type="button",
            className="plain",
            **{"data-command": command, "data-run": number, "aria-label": f"{text}: {label}"},
        )
    )
    return html.Div(
        parts,
        className=f"run {state}",
        role="alert" if state == "failed" else "status",
        key=number,
    )


def comment(user: Any, said: Any) -> html.Li:
    """Return a comment; its author can delete it."""
    when = said.created.astimezone(dt.UTC)
    parts: list[Any] = [
        html.Strong(said.user.full_name),
        html.Time(f"{when:%Y-%m-%d %H:%M} UTC", dateTime=when.isoformat()),
    ]
    if said.user.id == user.id or access.sees_everything(user):
        parts.append(
            html.Button(
                "Delete",
                type="button",
                className="plain",
                **{
                    "data-command": "ask",
                    "data-then": "delete-comment",
                    "data-comment": str(said.id),
                    "data-question": "Delete this comment?",
                    "aria-label": f"Delete the comment of {said.user.full_name}",
                },
            )
        )
    return html.Li([html.Div(parts, className="by"), html.P(said.text)], key=str(said.id))


def header_table(cards: Sequence[Any]) -> Any:
    """Return the header cards as a table, each HDU a part of it that can be shown alone."""
    hdus: dict[str, list[Any]] = {}
    for card in cards:
        hdus.setdefault(card.hdu, []).append(card)
    head = html.Thead(html.Tr([html.Th(name) for name in ("Keyword", "Value", "Comment")]))
    bodies = [
        html.Tbody(
            [*([_hdu_line(number)] if len(hdus) > 1 else []), *map(_card_line, hdus[number])],
            **{"data-hdu": str(number)},
        )
        for number in hdus
    ]
    table = html.Table([head, *bodies], className="table-quiet cards")
    if len(hdus) == 1:
        return table
    choices = [("", "All HDUs"), *((str(number), f"HDU {number}") for number in hdus)]
    buttons = [
        html.Button(
            label,
            type="button",
            className="plain",
            **{"data-command": "hdu", "data-hdu": value, "aria-pressed": str(not value).lower()},
        )
        for value, label in choices
    ]
    return [html.Div(buttons, className="hdus", role="group", **{"aria-label": "HDU"}), table]


def _hdu_line(name: str) -> html.Tr:
    return html.Tr(html.Th(f"HDU {name}", colSpan=3, scope="rowgroup"))


def _card_line(card: Any) -> html.Tr:
    value = "" if card.value is None else card.value
    value = {True: "T", False: "F"}.get(value, value) if isinstance(value, bool) else value
    return html.Tr([html.Td(str(text)) for text in (card.keyword, value, card.comment or "")])

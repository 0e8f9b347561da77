"""One run in full: its state, times, inputs, outputs, messages and settings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from dash import html

from callbacks.core.dash_types import Child, Children, Component
from callbacks.data.address import Address, file_link, name_link
from reduction import notice_text
from services.data_page.runs import NamedFile, RunDetail, SettingValue


def draw(address: Address, run: RunDetail) -> Component:
    """Return the run that an address names."""
    entries: list[tuple[str, Children]] = [
        ("State", state_text(run)),
        ("Requested by", run.requested_by or "automatic"),
        ("File", _file(run.file)),
        ("Requested, started, finished (UTC)", times_text(run)),
        ("Inputs", _list([_file(file) for file in run.inputs]) or "only the file"),
    ]
    if run.manual_calibrations:
        manual = [
            f"{selected.role}: file {selected.file_id}" for selected in run.manual_calibrations
        ]
        entries.append(("Manual calibrations", "; ".join(manual)))
    entries.append(("Outputs", _list([_file(file) for file in run.outputs]) or "none"))
    if run.messages:
        messages = [
            html.Span(notice_text.text(notice), **{"data-code": str(notice.code)})
            for notice in run.messages
        ]
        entries.append(("Messages", _list(messages)))
    title = f"{run.standing.label}, run {run.standing.id}"
    return html.Section(
        [
            html.Div([html.H2(title), _close(address)]),
            html.Dl([part for name, value in entries for part in (html.Dt(name), html.Dd(value))]),
            html.Details([html.Summary("Settings"), _settings(run.settings)], open=True),
        ],
        className="run-view",
        **{"aria-label": "Run"},
    )


def no_such_run(address: Address) -> Component:
    """Return the message that a run does not exist, or is not visible to this person."""
    return html.Section(
        [html.P("There is no such run, or you do not have access to it."), _close(address)],
        className="run-view",
    )


def _close(address: Address) -> Component:
    return html.A("Close", href=address.href(), className="button", **{"data-go": ""})


def state_text(run: RunDetail) -> str:
    """Return the state of a run with its step or message, and the attempt after the first."""
    standing = run.standing
    text = standing.state
    if standing.state == "running":
        text += f": {standing.step or 'starting'}, {round(100 * standing.progress)} %"
    elif standing.notice is not None:
        text += f": {notice_text.text(standing.notice)}"
    return f"{text} (attempt {run.attempt})" if run.attempt > 1 else text


def times_text(run: RunDetail) -> str:
    """Return when a run was requested, started and finished, and how long it took."""

    def clock(time: dt.datetime | None) -> str:
        return f"{time.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}" if time else "–"

    text = ", ".join(clock(time) for time in (run.created, run.started, run.finished))
    if run.started and run.finished:
        text += f" ({(run.finished - run.started).total_seconds():.1f} s)"
    return text


def _file(file: NamedFile) -> Child:
    if file.id is not None:
        return file_link(file.file_name, file.id)
    return name_link(file.file_name) if file.file_name else "frames of a series"


def _list(items: Sequence[Child]) -> Component | None:
    return html.Ul([html.Li(item) for item in items]) if items else None


def _settings(settings: Sequence[SettingValue]) -> Component:
    if not settings:
        return html.P("None.", className="quiet")
    return html.Table(
        html.Tbody([_setting(setting) for setting in settings]), className="table-quiet"
    )


def _setting(setting: SettingValue) -> Component:
    is_changed = setting.default is not None
    cells = (
        setting.name.replace("_", " "),
        setting.value,
        f"default {setting.default}" if is_changed else "",
    )
    return html.Tr([html.Td(text) for text in cells], className="changed" if is_changed else "")

"""The unfinished and failed runs of a file, a line each."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from callbacks.core.dash_types import Component
from reduction.notice_text import text
from reduction.notices import Notice
from services.runs.read_models import RunStanding

GLYPHS = {"running": "◐", "queued": "◌", "waiting": "◌", "failed": "!"}
"""The mark of each state that is shown; runs of other states are not."""


def draw(runs: Sequence[RunStanding]) -> list[Component]:
    """Return a line for each run that is unfinished or has failed."""
    return [_line(run) for run in runs if run.state in GLYPHS]


def _line(run: RunStanding) -> Component:
    is_running, has_failed = run.state == "running", run.state == "failed"
    parts: list[Component] = [
        html.Span(GLYPHS[run.state], className=f"run-mark {run.state}", **{"aria-hidden": "true"}),
        html.Strong(run.label),
        html.Span(_message(run), className="message", **_code(run.notice)),
    ]
    if is_running:
        percent = str(round(100 * run.progress))
        parts.append(html.Progress(value=percent, max="100", **{"aria-label": run.label}))
    command, text = ("retry", "Try again") if has_failed else ("cancel", "Cancel")
    attributes = {
        "data-command": command,
        "data-run": str(run.id),
        "aria-label": f"{text}: {run.label}",
    }
    parts.append(html.Button(text, type="button", className="plain", **attributes))
    return html.Div(
        parts,
        className=f"run {run.state}",
        role="alert" if has_failed else "status",
        key=str(run.id),
    )


def _message(run: RunStanding) -> str:
    if run.state == "running":
        return run.step or "starting"
    return text(run.notice) if run.notice else f"{run.state.capitalize()}."


def _code(notice: Notice | None) -> dict[str, str]:
    return {"data-code": str(notice.code)} if notice else {}

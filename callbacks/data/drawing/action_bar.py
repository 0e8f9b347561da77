"""The buttons below a file: download, Advanced Visualization, the next steps, deletion."""

from __future__ import annotations

from collections.abc import Container, Sequence

from dash import html

from callbacks.core.dash_types import Component
from callbacks.core.sentences import sentence
from callbacks.data.address import advanced_href
from services.data_page.file_view import FileView, ShownFile
from services.files.actions import ActionState
from services.runs.read_models import RunStanding

MOST_NAMED = 8
"""Files named in the question before a deletion; of more the number is given."""


def draw(view: FileView) -> list[Component]:
    """Return what can be done with a file; what cannot be done is disabled and tells why.

    A reason that one of the runs on the page states is not repeated.
    """
    if view.actions is None:
        return []
    buttons: list[Component] = [_download(view.file)]
    if view.actions.advanced is not None:
        href = advanced_href(view.actions.advanced.image_id, view.actions.advanced.spectrum_id)
        text = "Advanced Visualization"
        buttons.append(html.A(text, href=href, className="button", **{"data-go": ""}))
    buttons += [_step(view.file, state) for state in view.actions.blocks]
    if view.actions.deleted:
        buttons.append(_delete(view.file, view.actions.deleted))
    reasons = _reasons(view.actions.blocks, {run_reason(run) for run in view.runs})
    if reasons:
        buttons.append(html.P([html.Span(text) for text in reasons], className="reasons"))
    return buttons


def run_reason(run: RunStanding) -> str:
    """Return the reason that an unfinished run gives against starting the same step."""
    return run.message or f"{run.label} is {run.state}."


def _reasons(states: Sequence[ActionState], stated: Container[str]) -> list[str]:
    return [
        sentence(f"{state.label}: {state.reason}")
        for state in states
        if not state.enabled and state.reason not in stated
    ]


def _download(file: ShownFile) -> Component:
    href = f"/api/files/download/?id={file.id}"
    return html.A("Download", href=href, className="button", download=file.file_name)


def _step(file: ShownFile, state: ActionState) -> Component:
    attributes = {"data-command": "run", "data-block": state.block, "data-file": str(file.id)}
    if not state.enabled:
        attributes["aria-disabled"] = "true"
    return html.Button(
        state.label,
        type="button",
        className="button main",
        title=state.reason or "",
        **attributes,
    )


def _delete(file: ShownFile, names: Sequence[str]) -> Component:
    return html.Button(
        "Delete",
        type="button",
        className="button danger",
        **{
            "data-command": "ask",
            "data-then": "delete",
            "data-file": str(file.id),
            "data-question": deletion_question(names),
        },
    )


def deletion_question(names: Sequence[str]) -> str:
    """Return the question before a deletion; `names` are the file and what was made from it."""
    name, *others = names
    question = f"Delete {name}"
    if others:
        listed = ", ".join(others[:MOST_NAMED])
        more = f" and {len(others) - MOST_NAMED} more" if others[MOST_NAMED:] else ""
        question += f" and the products made from it ({listed}{more})"
    return f"{question}? The raw frame is kept, so {'they' if others else 'it'} can be made again."

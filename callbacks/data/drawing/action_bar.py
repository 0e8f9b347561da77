"""The buttons below a file: download, Advanced Visualization, the next steps, deletion."""

from __future__ import annotations

from collections.abc import Container, Sequence

from dash import html

from callbacks.core.dash_types import Component
from callbacks.data.address import advanced_href
from callbacks.data.drawing import run_forms
from reduction.notice_codes import NoticeCode
from reduction.notice_text import text
from reduction.notices import Notice
from services.data_page.file_view import FileView, ShownFile
from services.files.actions import ActionState
from services.notices import standing
from services.runs.read_models import RunStanding

MOST_NAMED = 8
"""Files named in the question before a deletion; of more the number is given."""


def draw(view: FileView) -> list[Component]:
    """Return the actions on a file; those that cannot be done are disabled, with the reason.

    A reason that one of the runs on the page states is not repeated.
    """
    if view.actions is None:
        return []
    buttons: list[Component] = [_download(view.file)]
    if view.actions.advanced is not None:
        href = advanced_href(view.actions.advanced.image_id, view.actions.advanced.spectrum_id)
        label = "Advanced Visualization"
        buttons.append(html.A(label, href=href, className="button", **{"data-go": ""}))
    offered = [state for state in view.actions.blocks if not _is_of_other_stars(state)]
    buttons += [_step(view.file, state) for state in offered]
    if view.actions.accept:
        buttons.append(_accept(view.file))
    if view.actions.deleted:
        buttons.append(_delete(view.file, view.actions.deleted))
    buttons += run_forms.draw(view)
    reasons = _reasons(offered, {run_reason(run) for run in view.runs})
    if reasons:
        buttons.append(html.P(reasons, className="reasons"))
    return buttons


def _is_of_other_stars(state: ActionState) -> bool:
    """Return whether a step is for standard stars, and this is none: its form says how to."""
    return state.reason is not None and state.reason.code == NoticeCode.NOT_A_STANDARD_STAR


def run_reason(run: RunStanding) -> Notice | None:
    """Return the reason that an unfinished run gives against starting the same step."""
    return run.notice or standing(run.label, run.state, run.step)


def _reasons(states: Sequence[ActionState], stated: Container[Notice | None]) -> list[Component]:
    return [
        html.Span(f"{state.label}: {text(state.reason)}", **{"data-code": str(state.reason.code)})
        for state in states
        if state.reason is not None and state.reason not in stated
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
        title=text(state.reason) if state.reason else "",
        **attributes,
    )


def _accept(file: ShownFile) -> Component:
    return html.Button(
        "Accept for shared calibrations",
        type="button",
        className="button",
        title="Masters that everybody uses will be made of this frame.",
        **{"data-command": "accept", "data-file": str(file.id)},
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

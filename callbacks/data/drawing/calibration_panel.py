"""The calibrations of a file: what is out of date, what was used, what could be used instead."""

from __future__ import annotations

from dash import html

from callbacks.core.dash_types import Children, Component
from callbacks.data.address import file_link
from reduction.difference_text import differences_text
from reduction.notice_text import text
from reduction.notices import Notice
from reduction.registry import CalibrationRole
from services.data_page.calibrations import (
    CalibrationPanel,
    CandidateView,
    OutOfDate,
    SearchView,
)

USED, FITS, REFUSED = "✓", "≈", "✗"
_COMBINED = (CalibrationRole.MASTER_BIAS, CalibrationRole.MASTER_FLAT)


def draw(panel: CalibrationPanel) -> list[Component]:
    """Return what is to be said of the state of a file, and the searches for its calibrations."""
    parts: list[Component] = []
    if panel.out_of_date is not None:
        parts.append(_out_of_date(panel.file_id, panel.out_of_date))
    if panel.provisional is not None:
        parts.append(_provisional(panel.provisional))
    if panel.searches:
        parts.append(_searches(panel))
    return parts


def _out_of_date(file_id: int, state: OutOfDate) -> Component:
    parts: list[Component] = [
        html.Strong("Out of date"),
        html.Span(text(state.notice), **{"data-code": str(state.notice.code)}),
    ]
    if state.newer_id is not None:
        parts.append(file_link("Show the newer version", state.newer_id))
    elif state.may_request:
        attributes = {"data-command": "again", "data-file": str(file_id)}
        parts.append(html.Button("Reduce again", type="button", className="button", **attributes))
    return html.Div(parts, className="out-of-date", role="status")


def _provisional(reason: Notice) -> Component:
    code = {"data-code": str(reason.code)}
    parts = [html.Strong("Provisional"), html.Span(text(reason), **code)]
    return html.Div(parts, className="provisional", role="status")


def _searches(panel: CalibrationPanel) -> Component:
    missing = [str(search.role) for search in panel.searches if not search.used]
    summary = f"Calibrations: no {' and no '.join(missing)}" if missing else "Calibrations"
    return html.Details(
        [
            html.Summary(summary, className="warn" if missing else ""),
            *(_search(search, may_process=panel.may_process) for search in panel.searches),
        ],
        className="why",
        id="why",
    )


def _search(search: SearchView, *, may_process: bool) -> Component:
    verb = "used" if search.is_made else "would use"
    used = " and ".join(search.used) or f"no {search.role}"
    result: list[Component | str] = [f"{search.label} of {search.target_name} {verb} {used}."]
    if search.notice is not None:
        code = {"data-code": str(search.notice.code)}
        result += [" ", html.Span(text(search.notice), **code)]
    return html.Section(
        [
            html.H3(str(search.role).capitalize()),
            html.P(result),
            _candidates(search, may_process=may_process),
        ]
    )


def _candidates(search: SearchView, *, may_process: bool) -> Component:
    if not search.candidates:
        return html.P(f"No {search.role} was taken near this frame in time.", className="quiet")
    frames = "Frames" if search.role in _COMBINED else ""
    head = html.Tr([html.Th(head) for head in ("", "Observed (UTC)", frames, "Differences", "")])
    rows = [_row(search, candidate, may_process=may_process) for candidate in search.candidates]
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="table-quiet")
    return html.Div(table, className="scroll-x")


def _row(search: SearchView, candidate: CandidateView, *, may_process: bool) -> Component:
    mark, meaning = "", "does not match"
    if candidate.is_used:
        mark, meaning = USED, "used"
    elif candidate.refused is not None:
        mark, meaning = REFUSED, "tried, and not used"
    elif candidate.fits:
        mark, meaning = FITS, "matches"
    look = "fit refused" if mark == REFUSED else "fit"
    action: Children = ""
    if candidate.obstacle is not None:
        code = {"data-code": str(candidate.obstacle.code)}
        action = html.Span(text(candidate.obstacle), className="quiet", **code)
    elif may_process and not candidate.is_used:
        action = _use_button(search, candidate)
    return html.Tr(
        [
            html.Td(
                [
                    html.Span(mark, className=look, role="img", **{"aria-label": meaning}),
                    file_link(candidate.file_name, candidate.id),
                ]
            ),
            html.Td(f"{candidate.date_obs:%Y-%m-%d %H:%M}", className="code"),
            html.Td(candidate.n_combined or ""),
            html.Td(_differences(candidate)),
            html.Td(action),
        ]
    )


def _differences(candidate: CandidateView) -> Children:
    differing = differences_text(candidate.differences) or "none"
    if candidate.refused is None:
        return differing
    code = {"data-code": str(candidate.refused.code)}
    return html.Span(text(candidate.refused), className="quiet", **code)


def _use_button(search: SearchView, candidate: CandidateView) -> Component:
    attributes = {
        "data-block": search.block,
        "data-file": str(search.target_id),
        "data-role": str(search.role),
        "data-calibration": str(candidate.id),
    }
    name = candidate.file_name
    if not candidate.differences:
        attributes |= {"data-command": "use", "aria-label": f"Use {name}"}
        return html.Button("Use", type="button", className="button", **attributes)
    attributes |= {
        "data-command": "ask",
        "data-then": "use",
        "data-yes": "Use anyway",
        "data-question": f"{name} differs: {differences_text(candidate.differences)}. Use it for "
        f"{search.label} anyway? The product will carry a warning.",
        "aria-label": f"Use {name} anyway",
    }
    return html.Button("Use anyway", type="button", className="button", **attributes)

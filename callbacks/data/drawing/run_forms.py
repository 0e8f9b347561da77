"""What a person can state before a step: the standard star, or a magnitude of the target."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from callbacks.core.dash_types import Component
from callbacks.core.markup import InputField
from reduction.flux.references.library import stars
from reduction.flux.references.passbands import passband_names
from reduction.notice_codes import NoticeCode
from services.data_page.file_view import FileView, ShownFile
from services.files.actions import ActionState

USUAL_BAND = "SDSS r"


def draw(view: FileView) -> list[Component]:
    """Return the forms of the steps that a person may start on a file, folded."""
    if view.actions is None:
        return []
    states = {state.block: state for state in view.actions.blocks}
    forms: list[Component] = []
    flux, sensitivity = states.get("flux"), states.get("sensitivity")
    if flux is not None and flux.enabled:
        forms.append(_photometry(view.file, flux))
    if sensitivity is not None and _may_process(sensitivity):
        forms.append(_standard_star(view.file, sensitivity))
    return forms


def _may_process(state: ActionState) -> bool:
    return state.reason is None or state.reason.code != NoticeCode.PROCESSING_NOT_ALLOWED


def _photometry(file: ShownFile, state: ActionState) -> Component:
    magnitude = _number("Magnitude", "photometry.magnitude", -5, 35, None)
    error = _number("Error", "photometry.error", 0, 2, 0.03)
    band = _choice("Band", "photometry.band", passband_names(), USUAL_BAND)
    return _form(
        file,
        state,
        "Scale the flux to a magnitude",
        "The spectrum is scaled so that its synthetic magnitude is the one that is given: the "
        "light lost at the slit is made good. The shape stays as it is.",
        [band, magnitude, error],
    )


def _standard_star(file: ShownFile, state: ActionState) -> Component:
    names = sorted((star.name for star in stars()), key=str.casefold)
    return _form(
        file,
        state,
        "This is a standard star",
        "Standard stars are recognised by their position and name. Choose the star if it was not "
        "recognised; the sensitivity that is measured serves everybody with this setup.",
        [_choice("Star", "star", names, None)],
    )


def _form(
    file: ShownFile, state: ActionState, title: str, meaning: str, fields: list[Component]
) -> Component:
    submit = html.Button(state.label, type="submit", className="button")
    attributes = {"data-submits": "run", "data-block": state.block, "data-file": str(file.id)}
    return html.Details(
        [
            html.Summary(title),
            html.P(meaning, className="quiet"),
            html.Form([*fields, submit], **attributes),
        ],
        className="run-form",
        key=f"{state.block}-form",
    )


def _number(label: str, name: str, low: float, high: float, usual: float | None) -> Component:
    value = {} if usual is None else {"value": usual}
    field = InputField(
        type="number",
        name=name,
        step="any",
        min=low,
        max=high,
        required=True,
        autocomplete="off",
        **value,
    )
    return html.Label([label, field])


def _choice(label: str, name: str, values: Sequence[str], usual: str | None) -> Component:
    options = [html.Option(value, value=value, selected=value == usual) for value in values]
    if usual is None:
        options.insert(0, html.Option("choose", value="", selected=True))
    return html.Label([label, html.Select(options, name=name, required=True)])

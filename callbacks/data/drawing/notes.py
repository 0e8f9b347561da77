"""The measurements and notices of a file, its name and the time of its last change."""

from __future__ import annotations

import datetime as dt

from dash import html

from callbacks.core.dash_types import Component
from reduction.notice_codes import Severity
from reduction.notice_text import text
from reduction.notices import Notice
from services.data_page.file_view import Measurement, ShownFile

_UNITS = {
    "adu": "ADU",
    "electron": "electron",
    "angstrom": "Å",
    "pixel": "px",
    "percent": "%",
    "arcsec": "″",
}
_CLASSES = {
    Severity.ERROR: "warning bad",
    Severity.WARNING: "warning",
    Severity.INFO: "quiet",
}


_LABELS = {
    "brightest_lines_explained": "bright lines identified",
    "cosmic_ray_fraction": "cosmic rays",
    "saturated_fraction": "saturated",
}
"""Labels of measurements whose names do not read well."""
_FRACTIONS = frozenset({*_LABELS})
"""Measurements from 0 to 1, shown in percent."""


def draw(file: ShownFile, trouble: str = "") -> list[Component]:
    """Return the notes of a file; `trouble` is why it cannot be displayed."""
    notes: list[Component] = []
    if trouble:
        notes.append(html.P(f"This file can't be shown: {trouble}", className="warning bad"))
    measurements = [_measurement(measurement) for measurement in file.measurements]
    if any(measurements):
        notes.append(html.Div([part for part in measurements if part], className="facts"))
    notes += [_notice(notice) for notice in file.notices]
    return [*notes, _stamp(file)]


def _notice(notice: Notice) -> Component:
    return html.P(
        text(notice), className=_CLASSES[notice.severity], **{"data-code": str(notice.code)}
    )


def _stamp(file: ShownFile) -> Component:
    modified = file.last_modified.astimezone(dt.UTC)
    return html.P(
        [
            html.Span(file.file_name, className="file-name"),
            html.Span(
                [
                    "Last Modified: ",
                    html.Time(f"{modified:%Y-%m-%d %H:%M:%S} UTC", dateTime=modified.isoformat()),
                ]
            ),
        ],
        className="stamp",
    )


def _measurement(measurement: Measurement) -> Component | None:
    label, value = measurement_text(measurement)
    return html.Span([html.Span(label, className="key"), " ", value]) if value else None


def measurement_text(measurement: Measurement) -> tuple[str, str]:
    """Return the label of a measurement and its value with the unit, "" without a value."""
    value = measurement.value
    if measurement.name in _FRACTIONS and isinstance(value, int | float):
        return _LABELS[measurement.name], f"{100 * value:.3g} %"
    words = measurement.name.split("_")
    unit = _UNITS.get(words[-1], "") if len(words) > 1 else ""
    label = " ".join(words[:-1] if unit else words)
    if value is None or value == "":
        return label, ""
    number = f"{value:.4g}" if isinstance(value, float) else str(value)
    return label, f"{number} {unit}".strip()

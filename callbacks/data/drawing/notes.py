"""The measurements and notices of a file, its name and the time of its last change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from dash import html

from callbacks.core.dash_types import Component
from callbacks.data.drawing import flux_facts
from reduction.notice_codes import Severity
from reduction.notice_text import text
from reduction.notices import Notice
from reduction.slits import Source
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


_IN_BADGE = frozenset({"zero_point", "zero_point_error_angstrom", "zero_point_limit_angstrom"})
"""Measurements that the badge of the zero point shows."""
_SOURCES = {
    str(Source.SKY): "own sky",
    str(Source.SIBLING): "sky of other spectra",
    str(Source.LEARNT): "earlier nights",
    str(Source.ARC): "arc alone",
}


def draw(file: ShownFile, trouble: str = "") -> list[Component]:
    """Return the notes of a file; `trouble` is why it cannot be displayed."""
    notes: list[Component] = []
    if trouble:
        notes.append(html.P(f"This file can't be shown: {trouble}", className="warning bad"))
    values = {each.name: each.value for each in file.measurements}
    key_numbers, in_them = flux_facts.draw(values)
    measurements = [
        _measurement(measurement)
        for measurement in file.measurements
        if measurement.name not in _IN_BADGE and measurement.name not in in_them
    ]
    if key_numbers or any(measurements):
        parts = [part for part in (*key_numbers, _zero_point(values), *measurements) if part]
        notes.append(html.Div(parts, className="facts"))
    notes += [_notice(notice) for notice in file.notices]
    return [*notes, _stamp(file)]


def _zero_point(values: Mapping[str, object]) -> Component | None:
    """Return the badge of a calibrated spectrum: what its zero point rests on, and its error."""
    source, error = values.get("zero_point"), values.get("zero_point_error_angstrom")
    if not isinstance(source, str) or not isinstance(error, int | float):
        return None
    limit = values.get("zero_point_limit_angstrom")
    if source == Source.UNCERTAIN and isinstance(limit, int | float):
        words, look = f"zero point uncertain by up to {limit:.0f} Å", "badge bad"
    else:
        words, look = f"zero point: {_SOURCES.get(source, source)} ± {error:.2g} Å", "badge"
    return html.Span(words, className=look, **{"data-zero-point": source})


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

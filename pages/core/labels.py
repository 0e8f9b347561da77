"""Labels of fields whose purpose is visible without them."""

from __future__ import annotations

from dash import html

from callbacks.core.dash_types import Component


def hidden_label(label: str, field: Component) -> Component:
    """Return a field with a label for screen readers."""
    return html.Label(
        [html.Span(label, className="visually-hidden"), field],
        className="labelled",
        htmlFor=field.id,
    )

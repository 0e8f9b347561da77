"""Tables and links of the management pages."""

from __future__ import annotations

from collections.abc import Sequence

import dash_bootstrap_components as dbc
from dash import html

from callbacks.core.dash_types import Component


def table(heads: Sequence[str], rows: Sequence[html.Tr], empty: str) -> Component:
    """Return a table, or the sentence `empty` when there are no rows."""
    if not rows:
        return html.P(empty, className="empty")
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in heads]))
    return dbc.Table([head, html.Tbody(list(rows))], hover=True, responsive=True)


def link(text: str, href: str, **attributes: str) -> html.A:
    """Return a link to a page of the site."""
    return html.A(text, href=href, **{"data-go": "", **attributes})


def counted(number: int, singular: str) -> str:
    """Return a number with its noun, such as ``3 accounts``."""
    return f"{number:,} {singular}{'' if number == 1 else 's'}"


def found(number: int, singular: str, text: str) -> str:
    """Return the number of rows of a list that is searched by `text`."""
    return counted(number, singular) + (" found" if text else "")

"""Management: links to its pages, and the number of proposals without a PI."""

from __future__ import annotations

import dash_bootstrap_components as dbc
from dash import html

from callbacks.core.dash_types import Component
from callbacks.core.guard import person
from callbacks.management import addresses
from callbacks.management.tables import link
from pages.management.sheet import SECTIONS, page, sheet
from services.proposals import proposal_admin


def layout(_pathname: str, _search: str) -> html.Main:
    """Return the page."""
    return draw(proposal_admin.n_waiting(person()))


def draw(n_waiting: int) -> html.Main:
    """Return the page for a number of proposals without a PI."""
    cards = [
        html.Li([link(label, href), html.P(description, className="quiet")])
        for href, label, description in SECTIONS
    ]
    warning = [_waiting(n_waiting)] if n_waiting else []
    return sheet("Management", addresses.ROOT, *warning, html.Ul(cards, className="cards-list"))


def _waiting(number: int) -> Component:
    if number == 1:
        text, verb = "1 proposal that arrived with frames", "has"
    else:
        text, verb = f"{number:,} proposals that arrived with frames", "have"
    sentence = [link(text, addresses.WAITING), f" {verb} no PI yet: only staff sees the data."]
    return dbc.Alert(sentence, color="warning", fade=False)


PAGES = (page("Management", lambda path: path == addresses.ROOT, layout),)

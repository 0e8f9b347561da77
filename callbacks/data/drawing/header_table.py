"""The header cards of a file as a table."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from callbacks.core.dash_types import Children, Component
from services.files.contents import HeaderCard


def draw(cards: Sequence[HeaderCard]) -> Children:
    """Return the table; each HDU is a part of it that can be shown alone."""
    by_hdu: dict[str, list[HeaderCard]] = {}
    for card in cards:
        by_hdu.setdefault(card.hdu, []).append(card)
    has_several = len(by_hdu) > 1
    head = html.Thead(html.Tr([html.Th(name) for name in ("Keyword", "Value", "Comment")]))
    bodies = [
        html.Tbody(
            [*([_hdu_row(hdu)] if has_several else []), *map(_card_row, by_hdu[hdu])],
            **{"data-hdu": str(hdu)},
        )
        for hdu in by_hdu
    ]
    table = html.Table([head, *bodies], className="table-quiet cards")
    return [_hdu_buttons(list(by_hdu)), table] if has_several else table


def _hdu_buttons(hdus: Sequence[str]) -> Component:
    choices = [("", "All HDUs"), *((hdu, f"HDU {hdu}") for hdu in hdus)]
    buttons = [
        html.Button(
            label,
            type="button",
            className="plain",
            **{"data-command": "hdu", "data-hdu": value, "aria-pressed": str(not value).lower()},
        )
        for value, label in choices
    ]
    return html.Div(buttons, className="hdus", role="group", **{"aria-label": "HDU"})


def _hdu_row(hdu: str) -> Component:
    return html.Tr(html.Th(f"HDU {hdu}", colSpan=3, scope="rowgroup"))


def _card_row(card: HeaderCard) -> Component:
    texts = (card.keyword, card_value(card.value), card.comment or "")
    return html.Tr([html.Td(text) for text in texts])


def card_value(value: str | float | bool | None) -> str:
    """Return the value of a header card as text; logical values are T and F."""
    if isinstance(value, bool):
        return "T" if value else "F"
    return "" if value is None else str(value)

"""Components as HTML: what pages draw themselves, without a React component for every word.

A page of Dash asks each of its components at each change of any of them whether it is to be drawn
anew. What changes by itself all the time is therefore a text that the page puts in its place
(`assets/regions.js`, ADR 10). The pieces are the components of `dash.html` all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output

_NAMES = {"className": "class", "htmlFor": "for", "key": "data-key"}
_VOID = frozenset({"br", "hr", "img", "input"})


def paint_from(app: Dash, store: str) -> None:
    """Let the page paint the regions that a callback hands over in a store."""
    app.clientside_callback(
        ClientsideFunction("data", "paint"),
        Output(store, "id"),
        Input(store, "data"),
        prevent_initial_call=True,
    )


def html_of(tree: Any) -> str:
    """Return components, texts, numbers, or lists of them as HTML; every text is escaped.

    Raises
    ------
    TypeError
        It is a component of another library, or has a property that is no text.
    """
    return "".join(_pieces(tree))


def _pieces(tree: Any) -> Iterator[str]:
    if tree is None or isinstance(tree, bool):
        return
    if isinstance(tree, str | int | float):
        yield escape(str(tree))
        return
    if isinstance(tree, list | tuple):
        for part in tree:
            yield from _pieces(part)
        return
    if getattr(tree, "_namespace", "") != "dash_html_components":
        raise TypeError(f"{type(tree).__name__} can't be written as HTML")
    facts = dict(tree.to_plotly_json()["props"])
    inside = facts.pop("children", None)
    name = tree._type.lower()
    yield f"<{name}{''.join(map(_attribute, facts.items()))}>"
    if name not in _VOID:
        yield from _pieces(inside)
        yield f"</{name}>"


def _attribute(given: tuple[str, Any]) -> str:
    name, value = given
    name = _NAMES.get(name, name.lower())
    if value is None or value is False:
        return ""
    if value is True:
        return f" {name}"
    if not isinstance(value, str | int | float):
        raise TypeError(f"{name} can't be written as HTML")
    return f' {name}="{escape(str(value))}"'

"""Components of `dash.html` as HTML text.

At each change Dash's renderer asks every component of a page whether it has to be drawn again.
Regions that change often are therefore sent as HTML, which the page puts in place itself
(`assets/data/regions.js`, ADR 10).
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import cast

from dash import ClientsideFunction, Dash, Input, Output

from callbacks.core.dash_types import CallbackValue, Children, Component

_NAMES = {"className": "class", "htmlFor": "for", "key": "data-key"}
_VOID = frozenset({"br", "hr", "img"})


class InputField(Component):
    """An ``<input>``, which `dash.html` lacks; only for regions that are sent as HTML."""

    def __init__(self, **attributes: str | float | bool) -> None:
        self.attributes = attributes


def paint_from(app: Dash, store: str) -> None:
    """Let the page put in place the regions that a callback puts into a store."""
    app.clientside_callback(
        ClientsideFunction("data", "paint"),
        Output(store, "id"),
        Input(store, "data"),
        prevent_initial_call=True,
    )


def html_of(tree: Children) -> str:
    """Return components, texts, numbers, or lists of them as HTML; every text is escaped.

    Raises
    ------
    TypeError
        A component of another library, or a property that is not text.
    """
    return "".join(_pieces(tree))


def _pieces(tree: Children) -> Iterator[str]:
    if tree is None or isinstance(tree, bool):
        return
    if isinstance(tree, str | int | float):
        yield escape(str(tree))
        return
    if isinstance(tree, list | tuple):
        for child in tree:
            yield from _pieces(child)
        return
    if isinstance(tree, InputField):
        yield f"<input{''.join(_attribute(*item) for item in tree.attributes.items())}>"
        return
    component = cast("Component", tree)
    if getattr(component, "_namespace", "") != "dash_html_components":
        raise TypeError(f"{type(component).__name__} can't be written as HTML")
    properties = dict(component.to_plotly_json()["props"])
    children = properties.pop("children", None)
    name = component._type.lower()
    yield f"<{name}{''.join(_attribute(*item) for item in properties.items())}>"
    if name not in _VOID:
        yield from _pieces(children)
        yield f"</{name}>"


def _attribute(name: str, value: CallbackValue) -> str:
    name = _NAMES.get(name, name.lower())
    if value is None or value is False:
        return ""
    if value is True:
        return f" {name}"
    if not isinstance(value, str | int | float):
        raise TypeError(f"{name} can't be written as HTML")
    return f' {name}="{escape(str(value))}"'

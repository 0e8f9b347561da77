"""Components as HTML, read back by a parser that knows nothing of them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from dash import dcc, html
from hypothesis import given
from hypothesis import strategies as st

from callbacks.core.markup import InputField, html_of

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\x00"))


class Reader(HTMLParser):
    """What a browser would make of a text: elements with their attributes, and the words."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Any] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.found.append(data)


@given(TEXT, TEXT)
def test_no_text_becomes_an_element_or_an_attribute(words: str, name: str) -> None:
    tree = html.P([words, html.A("link", href=name, title=name)], **{"aria-label": words})
    link = [("a", {"href": name, "title": name}), "link", "/a", "/p"]
    head = [("p", {"aria-label": words})]
    assert Reader(html_of(tree)).found == head + ([words] if words else []) + link


def test_names_and_switches_are_those_of_html() -> None:
    tree = [
        html.Details([html.Summary("s")], open=True, key="k"),
        html.Label(["a", None, 7], htmlFor="f", className="c", hidden=False),
        html.Br(),
        html.Td("t", colSpan=3),
    ]
    assert Reader(html_of(tree)).found == [
        ("details", {"data-key": "k", "open": None}),
        ("summary", {}),
        "s",
        "/summary",
        "/details",
        ("label", {"for": "f", "class": "c"}),
        "a7",
        "/label",
        ("br", {}),
        ("td", {"colspan": "3"}),
        "t",
        "/td",
    ]


@pytest.mark.parametrize(
    "alien", [dcc.Store(id="x"), html.Div(style={"color": "red"}), html.Div([{"a": 1}])], ids=repr
)
def test_what_is_no_html_is_not_guessed_at(alien: Any) -> None:
    with pytest.raises(TypeError):
        html_of(alien)


def test_an_input_is_written_with_its_attributes() -> None:
    tree = html.Label(["n", InputField(type="number", name='a"b', min=-5, required=True)])
    found = Reader(html_of(tree)).found
    assert found[2] == ("input", {"type": "number", "name": 'a"b', "min": "-5", "required": None})
    assert "/input" not in found

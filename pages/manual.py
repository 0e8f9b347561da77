"""The user's manual (docs/user), read in the application."""

from __future__ import annotations

import re
from pathlib import Path

from dash import dcc, html

from callbacks.core.router import Page

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "user"
FIRST = "README"
_NAME = re.compile(r"/manual(?:/([a-z]+))?$")
_LINK = re.compile(r"\]\(([a-z]+|README)\.md\)")
_PICTURE = re.compile(r"\]\(images/")


def layout(pathname: str, _search: str) -> html.Main:
    """Return a chapter, with links to other chapters and images on this server."""
    text = (FOLDER / f"{_chapter(pathname)}.md").read_text("utf-8")
    text = _LINK.sub(lambda found: f"](/manual/{found[1].removeprefix(FIRST)})", text)
    text = text.replace("](../api.md)", "](/api/docs)")
    text = _PICTURE.sub("](/manual/images/", text)
    back = html.P(html.A("Manual", href="/manual", **{"data-go": ""}))
    inside = [dcc.Markdown(text, className="manual", link_target="_self")]
    return html.Main(inside if pathname == "/manual" else [back, *inside], className="sheet")


def _chapter(pathname: str) -> str:
    """Return the name of a chapter's file, "" when there is none."""
    found = _NAME.fullmatch(pathname)
    name = (found[1] or FIRST) if found else ""
    return name if name and (FOLDER / f"{name}.md").is_file() else ""


PAGE = Page("manual", "Manual · GSP Live", lambda path: bool(_chapter(path)), layout)

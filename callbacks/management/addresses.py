"""The addresses of the management pages, which exist for staff only, and what they share."""

from __future__ import annotations

import re
from typing import Any

from dash import html

from callbacks.core.guard import person
from services import access
from services.access import Action

ROOT = "/management"
USERS = f"{ROOT}/users"
NEW_USER = f"{USERS}/new"
PROPOSALS = f"{ROOT}/proposals"
NEW_PROPOSAL = f"{PROPOSALS}/new"
WAITING = f"{PROPOSALS}/waiting"
PARTNERS = f"{ROOT}/partners"
IMPORT = f"{ROOT}/import"

NO_SUCH = "This page is out of date: reload it."


def manages() -> bool:
    """Tell whether the person who asks may manage users and proposals."""
    return access.may(person(), Action.MANAGE)


def row_of(pathname: str | None, root: str) -> int | None:
    """Return the id in the address of one row below `root`, None when it is another address."""
    match = re.fullmatch(rf"{root}/(\d{{1,10}})", "/" + (pathname or "").strip("/"))
    return int(match[1]) if match and int(match[1]) < 2**31 else None


def one_page(text: str, n: int, singular: str) -> str:
    """Return how many there are, and of what."""
    return f"{n:,} {singular}{'' if n == 1 else 's'}{' found' if text else ''}"


def table(heads: tuple[str, ...], rows: list[html.Tr], empty: str) -> Any:
    """Return a table; without rows the sentence that says why."""
    if not rows:
        return html.P(empty, className="empty")
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in heads]))
    return html.Div(
        html.Table([head, html.Tbody(rows)], className="table-quiet"), className="scroll-x"
    )


def go(text: str, href: str, **more: Any) -> html.A:
    """Return a link to a page of the site."""
    return html.A(text, href=href, **{"data-go": "", **more})

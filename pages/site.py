"""The Dash application: its pages, its callbacks, and the document they are drawn in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dash
from flask import Flask
from flask_login import current_user

from callbacks import advanced as advanced_callbacks
from callbacks import collaborators as collaborators_callbacks
from callbacks import (
    command,
    forms,
    importing,
    index,
    lists,
    logs,
    partners,
    router,
    settingshistory,
    view,
    why,
)
from callbacks import configure as configure_callbacks
from callbacks import night as night_callbacks
from callbacks import people as people_callbacks
from callbacks import proposals as proposals_callbacks
from callbacks import registrar as registrar_callbacks
from callbacks import search as search_callbacks
from callbacks import user as user_callbacks
from pages import (
    advanced,
    collaborators,
    configure,
    data,
    home,
    management,
    manual,
    missing,
    people,
    proposals,
    registrar,
    shell,
)
from pages import logs as logs_page
from pages import night as night_page
from pages import search as search_page
from pages import user as user_page

ASSETS = Path(__file__).resolve().parents[1] / "assets"

PAGES = (
    home.PAGE,
    data.PAGE,
    advanced.PAGE,
    night_page.PAGE,
    search_page.PAGE,
    proposals.PAGE,
    configure.PAGE,
    collaborators.PAGE,
    logs_page.PAGE,
    user_page.PAGE,
    *management.PAGES,
    *people.PAGES,
    *registrar.PAGES,
    manual.PAGE,
)

DOCUMENT = """<!DOCTYPE html>
<html lang="en" data-bs-theme="{theme}">
  <head>
    {metas}
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="dark light">
    <title>{title}</title>
    <link rel="icon" href="/assets/logo.svg" type="image/svg+xml">
    {css}
  </head>
  <body>
    <noscript>GSP Live needs JavaScript. Scripts can use the JSON API instead.</noscript>
    {app_entry}
    <footer>{config}{scripts}{renderer}</footer>
  </body>
</html>"""


class Site(dash.Dash):
    """Dash in a document of ours: the account's theme is there before anything is painted."""

    def interpolate_index(self, **parts: Any) -> str:
        """Return the document."""
        visual = (current_user.row.visual or {}) if current_user.is_authenticated else {}
        theme = "light" if visual.get("theme") == "light" else "dark"
        return DOCUMENT.format(theme=theme, **parts)


def create(server: Flask) -> dash.Dash:
    """Mount the pages on a server; nothing they load comes from another host."""
    app = Site(
        "gsp",
        server=server,
        assets_folder=str(ASSETS),
        serve_locally=True,
        use_pages=False,
        pages_folder="",
        suppress_callback_exceptions=True,
        compress=True,
        title="GSP Live",
        update_title=None,
        add_log_handler=False,
        meta_tags=[],
    )
    app.layout = shell.layout
    router.register(app, PAGES, missing.PAGE)
    forms.register(app)
    index.register(app)
    view.register(app)
    why.register(app)
    advanced_callbacks.register(app)
    command.register(app)
    user_callbacks.register(app)
    search_callbacks.register(app)
    lists.register(app)
    proposals_callbacks.register(app)
    configure_callbacks.register(app)
    settingshistory.register(app)
    collaborators_callbacks.register(app)
    logs.register(app)
    night_callbacks.register(app)
    for managing in (people_callbacks, registrar_callbacks, partners, importing):
        managing.register(app)
    return app

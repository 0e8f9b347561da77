"""The document that the pages are drawn in, and what a browser fetches for it.

Plotly and the table of Search were two thirds of that; they come when they are drawn (ADR 8).
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import dash
from flask import Response, request
from flask_login import current_user

ASSETS = Path(__file__).resolve().parents[2] / "assets"
ROOT = "/assets/"
VENDOR = "vendor"
PLOTLY = f"{VENDOR}/plotly-basic.min.js"

ASSET = re.compile(r"/assets/([^?\"]+)\?m=[^\"]*")
TABLE_TAG = re.compile(
    r'<script src="(?P<component>(?P<folder>[^"]*/)dash_ag_grid(?P<version>\.v[^".]+)\.[^"]*)">'
    r"</script>\n?"
)
TABLE_LIBRARY = "async-community"
"""The script with the table itself. The component asks for it under an address without a version,
unless it is there already."""

UNCHANGING = "private, max-age=31536000, immutable"

DOCUMENT = """<!DOCTYPE html>
<html lang="en" data-bs-theme="{theme}" data-table="{table}">
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

    def __init__(self, **settings: Any) -> None:
        super().__init__(assets_folder=str(ASSETS), assets_path_ignore=[f"^{VENDOR}$"], **settings)

    def _config(self) -> dict[str, Any]:
        """Tell the renderer of our Plotly; the one it would load has every kind of plot."""
        return {**super()._config(), "serve_locally": False, "plotlyjs_url": address(PLOTLY)}

    def interpolate_index(self, **parts: Any) -> str:
        """Return the document of the page that is asked for."""
        visual = (current_user.row.visual or {}) if current_user.is_authenticated else {}
        theme = "light" if visual.get("theme") == "light" else "dark"
        for name in ("css", "scripts"):
            parts[name] = ASSET.sub(lambda found: address(found[1]), parts[name])
        table = TABLE_TAG.search(parts["scripts"])
        parts["scripts"] = TABLE_TAG.sub("", parts["scripts"])
        return DOCUMENT.format(theme=theme, table=_table(table) if table else "", **parts)


def _table(tag: re.Match[str]) -> str:
    """Return the addresses of the table's two scripts, of which both change with the version."""
    return f"{tag['component']} {tag['folder']}{TABLE_LIBRARY}{tag['version']}.js"


def address(asset: str) -> str:
    """Return the address of a file below ``assets/``; it changes with the file's content.

    Dash's own addresses change with the modification time, which some installers preserve from
    version to version.
    """
    status = (ASSETS / asset).stat()
    return f"{ROOT}{asset}?m={_digest(asset, status.st_mtime_ns, status.st_size)}"


@lru_cache(maxsize=256)
def _digest(asset: str, *_: int) -> str:
    return blake2b((ASSETS / asset).read_bytes(), digest_size=6).hexdigest()


def keep(response: Response) -> Response:
    """Let browsers keep a file for good whose address changes with it."""
    if response.status_code == 200 and (_is_newest() or _is_of_one_version(response)):
        response.headers["Cache-Control"] = UNCHANGING
    return response


def _is_newest() -> bool:
    """Tell whether one of our files is asked for by the address of what it holds now."""
    path = request.path
    return path.startswith(ROOT) and request.full_path == address(path.removeprefix(ROOT))


def _is_of_one_version(response: Response) -> bool:
    suite = request.path.startswith("/_dash-component-suites/")
    return suite and response.cache_control.max_age is not None

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
from flask import Flask, Response, abort, request
from flask_login import current_user

from callbacks.core.guard import person
from services.accounts import visual_options
from services.accounts.visual_options import VisualOptions

ASSETS = Path(__file__).resolve().parents[2] / "assets"
ROOT = "/assets/"
VENDOR = "vendor"
PLOTLY = f"{VENDOR}/plotly-basic.min.js"
ENTRY = "main.js"
VENDORED_MODULES = (f"{VENDOR}/idiomorph.min.js",)
VERSION = "v-"
"""What the folder begins with in which modules are served: their imports are relative, so that the
address of each one changes with the content of all of them."""

ASSET = re.compile(r"/assets/([^?\"]+)\?m=[^\"]*")
TABLE_TAG = re.compile(
    r'<script src="(?P<component>(?P<folder>[^"]*/)dash_ag_grid(?P<version>\.v[^".]+)\.[^"]*)">'
    r"</script>\n?"
)
TABLE_LIBRARY = "async-community"
"""The script with the table itself. The component asks for it under an address without a version,
unless it is there already."""

JSDOC = re.compile(rb"^[ \t]*/\*\*.*?\*/[ \t]*\n?", re.MULTILINE | re.DOTALL)

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
    <footer>{config}{scripts}{modules}</footer>
  </body>
</html>"""


class Site(dash.Dash):
    """Dash with its own document, which has the account's theme before anything is painted."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(
            assets_folder=str(ASSETS),
            assets_path_ignore=[f"^{VENDOR}$"],
            assets_ignore=r"\.js$",  # modules: Dash would load them as classic scripts
            **settings,
        )

    def _config(self) -> dict[str, Any]:
        """Return the configuration with the vendored Plotly, which has fewer kinds of plots."""
        return {**super()._config(), "serve_locally": False, "plotlyjs_url": address(PLOTLY)}

    def interpolate_index(self, **parts: Any) -> str:
        """Return the document of the page that is asked for."""
        signed_in = current_user.is_authenticated
        visual = visual_options.of(person()) if signed_in else VisualOptions()
        for name in ("css", "scripts"):
            parts[name] = ASSET.sub(lambda found: address(found[1]), parts[name])
        table = TABLE_TAG.search(parts["scripts"])
        parts["scripts"] = TABLE_TAG.sub("", parts["scripts"])
        parts |= {
            "theme": visual.theme,
            "table": _table(table) if table else "",
            "modules": _modules_html(),
        }
        return DOCUMENT.format(**parts)


def _table(tag: re.Match[str]) -> str:
    """Return the addresses of the table's two scripts, of which both change with the version."""
    return f"{tag['component']} {tag['folder']}{TABLE_LIBRARY}{tag['version']}.js"


def modules() -> list[str]:
    """Return the JavaScript modules of the pages, as paths below ``assets/``."""
    own = (path.relative_to(ASSETS) for path in ASSETS.rglob("*.js"))
    return [*sorted(str(path) for path in own if path.parts[0] != VENDOR), *VENDORED_MODULES]


def module_folder() -> str:
    """Return the address of the folder in which the modules are served."""
    digest = blake2b(digest_size=6)
    for name in modules():
        status = (ASSETS / name).stat()
        digest.update(f"{name} {_digest(name, status.st_mtime_ns, status.st_size)} ".encode())
    _versions.add(digest.hexdigest())
    return f"{ROOT}{VERSION}{digest.hexdigest()}/"


_versions: set[str] = set()
"""Versions of the modules that this process has seen."""


def _modules_html() -> str:
    """Return the tags of the modules: the first one starts Dash, the browser fetches all at once.

    They come after the scripts of Dash, which all modules wait for.
    """
    folder = module_folder()
    links = [f'<link rel="modulepreload" href="{folder}{name}">' for name in modules()]
    entry = f'<script id="_dash-renderer" type="module" src="{folder}{ENTRY}"></script>'
    return "\n".join([*links, entry])


def register(server: Flask) -> None:
    """Serve the modules, and let browsers keep what never changes."""
    server.add_url_rule(f"{ROOT}{VERSION}<version>/<path:name>", "module", _module)
    server.after_request(keep)


def _module(version: str, name: str) -> Response:
    """Return a module; browsers keep it for good under the address of what it holds now."""
    if name not in modules():
        abort(404)
    status = (ASSETS / name).stat()
    code = _without_docs(name, status.st_mtime_ns, status.st_size)
    response = Response(code, mimetype="text/javascript")
    if version in _versions or module_folder() == f"{ROOT}{VERSION}{version}/":
        response.headers["Cache-Control"] = UNCHANGING
    return response


@lru_cache(maxsize=256)
def _without_docs(name: str, *_: int) -> bytes:
    """Return a module without its JSDoc, which is a quarter of what would be sent."""
    return JSDOC.sub(b"", (ASSETS / name).read_bytes())


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
    """Return whether an asset is requested by the address of its present content."""
    path = request.path
    if not path.startswith(ROOT) or path.startswith(f"{ROOT}{VERSION}"):
        return False
    return request.full_path == address(path.removeprefix(ROOT))


def _is_of_one_version(response: Response) -> bool:
    suite = request.path.startswith("/_dash-component-suites/")
    return suite and response.cache_control.max_age is not None

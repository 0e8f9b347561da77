"""What the document of each page loads, without a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import plotly.graph_objects as go
import pytest
from plotly.basedatatypes import BaseTraceType
from plotly.offline import get_plotlyjs_version

from pages.core.document import ASSETS, PLOTLY, UNCHANGING
from tests.support.web_site import Site

ROOT = ASSETS.parent
NAMED = {name: getattr(go, name) for name in go.__all__}
KINDS = {
    name.lower()
    for name, kind in NAMED.items()
    if isinstance(kind, type) and issubclass(kind, BaseTraceType)
}


def document(site: Site, path: str) -> str:
    return site.sign_in("PI").get(path).get_data(as_text=True)


def loaded(page: str) -> list[str]:
    tags = r'<(?:script|link rel="(?:stylesheet|modulepreload)")[^>]*(?:src|href)="([^"]+)"'
    return re.findall(tags, page)


def preloaded(page: str) -> list[str]:
    return re.findall(r'<link rel="modulepreload" href="([^"]+)"', page)


def config(page: str) -> dict[str, object]:
    return json.loads(re.search(r'<script id="_dash-config"[^>]*>(.*?)</script>', page)[1])


@pytest.mark.parametrize("path", ["/data", "/search?obstype=ARC", "/proposals", "/no/such/page"])
def test_no_page_begins_with_a_large_script(site: Site, path: str) -> None:
    page = document(site, path)
    assert not [one for one in loaded(page) if "dash_ag_grid" in one or "plotly" in one]


def test_the_large_scripts_are_where_the_document_says(site: Site) -> None:
    page, browser = document(site, "/proposals"), site.sign_in("PI")
    table = re.search(r'data-table="([^"]+)"', page)[1].split()
    assert len(table) == 2
    assert config(page)["serve_locally"] is False  # else the renderer takes its own Plotly
    for address in (*table, config(page)["plotlyjs_url"]):
        answer = browser.get(address)
        assert (answer.status_code, answer.mimetype) == (200, "text/javascript"), address
        assert len(answer.get_data()) > 500_000
        assert answer.headers["Cache-Control"] == UNCHANGING, address


def test_a_browser_keeps_what_changes_its_address_with_its_content(site: Site) -> None:
    browser = site.sign_in("PI")
    page = document(site, "/data")
    found = loaded(page)
    assert len(found) > 40
    for address in found:
        answer = browser.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["Cache-Control"] == UNCHANGING, address
    for address in ("/data", "/assets/logo.svg", "/assets/main.js"):
        assert "no-cache" in browser.get(address).headers["Cache-Control"], address
    for address in (
        "/assets/main.js?m=0123456789ab",
        "/assets/v-0123456789ab/main.js",
        "/assets/none.js?m=1",
        "/assets/?m=1",
    ):
        assert "immutable" not in browser.get(address).headers["Cache-Control"], address


def test_the_modules_of_another_version_are_not_found_beside_them(site: Site) -> None:
    browser = site.sign_in("PI")
    folder = preloaded(document(site, "/data"))[0].split("/")[2]
    for name in ("none.js", "css/gsp.css", "globals.d.ts", "../pyproject.toml", "%2e%2e/app.py"):
        assert browser.get(f"/assets/{folder}/{name}").status_code == 404, name


IMPORT = re.compile(r'^import\b[^;"]*"(\.{1,2}/[^"]+)";', re.MULTILINE)


def imported_from(module: Path) -> set[Path]:
    """Return a module and all that it imports, at any depth."""
    reached: set[Path] = set()
    due = [module]
    while due:
        path = due.pop()
        if path not in reached:
            reached.add(path)
            due += [(path.parent / name).resolve() for name in IMPORT.findall(path.read_text())]
    return reached


def test_the_document_preloads_every_module_that_the_first_one_needs(site: Site) -> None:
    page = document(site, "/data")
    [entry] = re.findall(r'<script id="_dash-renderer" type="module" src="([^"]+)"', page)
    folder = entry.removesuffix("main.js")
    named = {(ASSETS / one.removeprefix(folder)).resolve() for one in preloaded(page)}
    assert named == imported_from(ASSETS / "main.js")


def test_modules_are_sent_without_their_documentation(site: Site) -> None:
    browser = site.sign_in("PI")
    for address in preloaded(document(site, "/data")):
        sent = browser.get(address).get_data(as_text=True)
        written = (ASSETS / "/".join(address.split("/")[3:])).read_text().splitlines()
        code = [line for line in written if not line.lstrip().startswith(("/**", "*"))]
        left = iter(sent.splitlines())
        assert all(line in left for line in code), address
        assert "@param" not in sent, address


def test_dash_loads_no_module_as_a_classic_script(site: Site) -> None:
    page = document(site, "/data")
    classic = re.findall(r'<script src="([^"]+)"', page)
    assert classic
    assert not [address for address in classic if address.startswith("/assets/")]
    assert "new DashRenderer" not in page  # an inline script, which the policy does not let run


def test_swagger_ui_comes_from_this_host_and_is_kept(site: Site) -> None:
    page = document(site, "/api/docs/")
    vendored = [one for one in loaded(page) if "swagger-ui" in one]
    assert len(vendored) == 2
    for address in vendored:
        answer = site.sign_in("PI").get(address)
        assert answer.status_code == 200, address
        assert answer.headers["Cache-Control"] == UNCHANGING, address


def test_vendored_files_have_their_licence_and_version() -> None:
    folder = ASSETS / "vendor/swagger-ui"
    assert {"LICENSE", "NOTICE", "README.md"} <= {path.name for path in folder.iterdir()}
    bundle = (folder / "swagger-ui-bundle.js").read_text()
    version = re.search(r'PACKAGE_VERSION:"([\d.]+)"', bundle)[1]
    assert f"Swagger UI {version}" in (folder / "README.md").read_text()


def test_an_address_changes_with_the_content_alone(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ASSETS, tmp_path / "assets")
    monkeypatch.setattr("pages.core.document.ASSETS", tmp_path / "assets")
    before = set(loaded(document(site, "/data")))
    [changed] = [one for one in before if one.startswith("/assets/css/gsp.css?")]
    assert before - after_a_change_of(site, tmp_path / "assets/css/gsp.css", before) == {changed}


def after_a_change_of(site: Site, path: Path, before: set[str]) -> set[str]:
    """Return what the document loads after a change, and that it loads the same before it."""
    path.touch()
    assert set(loaded(document(site, "/data"))) == before
    was = path.stat()
    path.write_text(path.read_text().replace("toast", "taost", 1))
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns + 1))
    return set(loaded(document(site, "/data")))


def test_a_module_that_changes_changes_the_addresses_of_all(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ASSETS, tmp_path / "assets")
    monkeypatch.setattr("pages.core.document.ASSETS", tmp_path / "assets")
    page = document(site, "/data")
    before = set(loaded(page))
    after = after_a_change_of(site, tmp_path / "assets/core/toasts.js", before)
    assert before - after == {one for one in before if one.startswith("/assets/v-")}
    assert before - after >= set(preloaded(page))


def test_plotly_is_the_one_that_the_figures_are_made_for() -> None:
    head = (ASSETS / PLOTLY).read_text()[:200]
    assert re.search(r"plotly\.js \(basic - minified\) v(\S+)", head)[1] == get_plotlyjs_version()


def test_plotly_draws_every_kind_that_the_pages_draw() -> None:
    drawn = re.findall(r'moduleType:"trace",name:"(\w+)"', (ASSETS / PLOTLY).read_text())
    wanted = set()
    for path in (ROOT / "figures").glob("*.py"):
        if path.name != "picture.py":  # its figures are for scripts
            wanted |= set(re.findall(r"\bgo\.(\w+)\(|\.add_(\w+)\(", path.read_text()))
    kinds = {(one or other).lower() for one, other in wanted} & KINDS
    for path in ASSETS.glob("*/*.js"):
        if path.parent.name == "vendor":
            continue
        kinds |= set(re.findall(r'\btype: "(\w+)"', path.read_text())) & KINDS
    assert "scatter" in kinds
    assert kinds <= set(drawn), f"assets/vendor needs a larger bundle of Plotly: {kinds}"

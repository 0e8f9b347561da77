"""The manual of the pages: its links lead somewhere, and it is read in the application."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.paths import ROOT
from tests.support.web.callback_calls import call
from tests.support.web_site import Site

MANUAL = ROOT / "docs" / "user"
CHAPTERS = sorted(path.stem for path in MANUAL.glob("*.md"))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_link_and_picture_is_there(chapter: str) -> None:
    text = (MANUAL / f"{chapter}.md").read_text("utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (MANUAL / target).is_file(), target


def test_every_chapter_and_picture_is_led_to() -> None:
    index = (MANUAL / "README.md").read_text("utf-8")
    assert all(f"({name}.md)" in index for name in CHAPTERS if name != "README")
    whole = "".join(path.read_text("utf-8") for path in MANUAL.glob("*.md"))
    unused = [p.name for p in (MANUAL / "images").iterdir() if f"images/{p.name}" not in whole]
    assert not unused


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_is_a_page(site: Site, chapter: str) -> None:
    path = "/manual" if chapter == "README" else f"/manual/{chapter}"
    asked = {"url.pathname": path, "url.search": "", "page-name.data": None}
    drawn = call(site, "user", "page.children", asked)["response"]
    text = json.dumps(drawn["page"]["children"], ensure_ascii=False)
    first = (MANUAL / f"{chapter}.md").read_text("utf-8").splitlines()[0]
    assert first in text
    assert ".md)" not in text
    assert "](images/" not in text


@pytest.mark.parametrize("path", ["/manual/nowhere", "/manual/images", "/manual/../README"])
def test_what_is_no_chapter_is_no_page(site: Site, path: str) -> None:
    asked = {"url.pathname": path, "url.search": "", "page-name.data": None}
    drawn = call(site, "user", "page.children", asked)["response"]
    assert "No such page" in json.dumps(drawn)


def test_pictures_come_from_this_server_to_whoever_is_signed_in(site: Site) -> None:
    picture = next((MANUAL / "images").glob("*.webp")).name
    answer = site.sign_in("user").get(f"/manual/images/{picture}")
    assert (answer.status_code, answer.mimetype) == (200, "image/webp")
    assert answer.data[:4] == b"RIFF"
    assert site.client().get(f"/manual/images/{picture}").status_code in (303, 302, 401)
    assert site.sign_in("user").get("/manual/images/none.webp").status_code == 404
    for name in ("..%2fdata.md", "..%2F..%2Fapi.md"):  # a page of the application, not the file
        assert site.sign_in("user").get(f"/manual/images/{name}").mimetype == "text/html"

"""The Tonight page's callbacks, asked for without a browser."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from tests.support.web.callback_calls import call
from tests.support.web_site import Site, add_file, add_run

NIGHT = {"url.pathname": "/night", "url.search": ""}


def rows(answer: Any) -> list[dict[str, Any]]:
    return list(answer["response"]["night-data"]["data"]["rows"])


@pytest.mark.parametrize(("role", "sees"), [("user", 0), ("collaborator", 1), ("PI", 1)])
def test_the_rows_are_ones_own_frames(site: Site, role: str, sees: int) -> None:
    answer = call(site, role, "night-data.data", NIGHT)
    assert len(rows(answer)) == sees
    assert "SECRET" not in json.dumps(answer)
    assert "SECRET" in json.dumps(call(site, "staff", "night-data.data", NIGHT))


def test_a_row_links_its_products_and_says_what_failed(site: Site) -> None:
    run = add_run(site.raw, state="failed", notice=notice(NoticeCode.NO_VALID_PIXEL).to_json())
    (row,) = rows(call(site, "PI", "night-data.data", NIGHT))
    assert row["href"] == f"/data/{site.raw.id}"
    assert row["state"] == "failed"
    assert row["code"] == NoticeCode.RUN_FAILED
    assert row["message"]
    assert row["run"] == f"/data/{site.raw.id}?run={run.id}"
    assert row["stages"][0]["state"] == "failed"


def test_work_and_trends_are_drawn(site: Site) -> None:
    facts = {"data_type": 2, "original": site.raw, "parent": site.raw}
    add_file(site.config, "r_0042.fits", site.own, quality={"bias_level_adu": 500.0}, **facts)
    where = {**NIGHT, "night-columns.data": 4}
    drawn = json.dumps(call(site, "PI", "night-trends.figure", where))
    assert "Bias level" in drawn
    assert "r_0042.fits" in drawn
    assert "r_0042.fits" not in json.dumps(call(site, "user", "night-trends.figure", where))
    work = json.dumps(call(site, "PI", "night-work.children", NIGHT))
    assert "The queue does not answer." in work


@pytest.mark.parametrize("path", ["/night/2022-13-40", "/night/x/y", "/nightly"])
def test_what_is_no_night_is_no_page(site: Site, path: str) -> None:
    answer = call(site, "PI", "page.children", {"url.pathname": path, "url.search": ""})
    assert "night-rows" not in json.dumps(answer)


def test_an_empty_night_is_empty(site: Site) -> None:
    where = {"url.pathname": "/night/1999-12-31", "url.search": "?page=7&kind=moon&against=wind"}
    answer = call(site, "PI", "night-data.data", where)
    assert rows(answer) == []
    assert answer["response"]["night-empty"]["children"] == "No frames of that night."


def test_an_empty_night_to_come_is_not_the_latest(site: Site) -> None:
    answer = call(site, "PI", "night-data.data", {**NIGHT, "url.pathname": "/night/2999-12-31"})
    head = json.dumps(answer["response"]["night-head"])
    assert '"Night"' in head
    assert "Latest" not in head


def test_a_kind_that_a_night_has_none_of(site: Site) -> None:
    answer = call(site, "PI", "night-data.data", {**NIGHT, "url.search": "?kind=focus"})
    assert rows(answer) == []
    assert answer["response"]["night-empty"]["children"] == "No frames of this kind that night."

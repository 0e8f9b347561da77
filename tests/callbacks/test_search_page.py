"""The callbacks of the search and log pages, asked for without a browser."""

from __future__ import annotations

import json
from typing import Any

import pytest

from callbacks import logs as log_page
from callbacks.search import address
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from services import logs
from tests.support.web.callback_calls import call
from tests.support.web_site import Site


def overview(site: Site, role: str, query: str) -> dict[str, Any]:
    url = {"url.pathname": "/search", "url.search": query}
    return call(site, role, "search-count.children", url)["response"]


def rows(site: Site, role: str, query: str, **request: Any) -> dict[str, Any]:
    asked = {"startRow": 0, "endRow": 50, "sortModel": [], **request}
    values = {"search-grid.getRowsRequest": asked, "url.search": query}
    answer = call(site, role, "search-grid.getRowsResponse", values)
    return answer["response"]["search-grid"]["getRowsResponse"]


@pytest.mark.parametrize("role", ["user", "collaborator", "PI", "staff", "superuser"])
def test_rows_counts_and_choices_are_of_what_one_may_see(site: Site, role: str) -> None:
    shown, listed = overview(site, role, ""), rows(site, role, "")
    assert int(shown["search-count"]["children"]) == listed["rowCount"] == len(listed["rowData"])
    text = json.dumps([shown, listed])
    assert ("SECRET" in text) == (role in ("staff", "superuser"))
    assert (site.raw.file_name in text) == (role != "user")
    names = {row["file_name"] for row in listed["rowData"]}
    assert site.master.file_name in names


def test_another_proposals_name_finds_nothing(site: Site) -> None:
    for query in (f"?proposal={site.foreign.soar_id}", f"?file_name={site.secret.file_name}"):
        assert rows(site, "PI", query) == {"rowData": [], "rowCount": 0}
        assert "No files found" in json.dumps(overview(site, "PI", query)["search-empty"])
        assert rows(site, "staff", query)["rowCount"] > 0


def test_a_position_that_is_none_is_a_sentence(site: Site) -> None:
    shown = overview(site, "PI", "?ra=25:99&dec=-54")
    assert "is not a valid right ascension" in shown["search-problem"]["children"]
    assert rows(site, "PI", "?ra=25:99&dec=-54")["rowCount"] == 0


def test_chosen_files_of_another_proposal_are_offered_nothing(site: Site) -> None:
    def offered(role: str) -> str:
        chosen = {"search-grid.selectedRows": [{"id": str(site.secret.id)}]}
        return json.dumps(call(site, role, "search-actions.children", chosen))

    assert "Run on 1" not in offered("PI")
    assert "Run on 1" in offered("staff")


def test_the_address_is_read_and_written_alike() -> None:
    text = "?grating=400_SYZY%2C930_SYZY&slit=&proposal=SOAR2024A-001&ordering=-slit&page=7"
    query = address.parse(text)
    assert address.parse(query.href(page=query.page).partition("?")[2]) == query
    assert (query.page, query.ordering, query.filters.slit) == (7, "-slit", "")
    assert address.parse("?page=x&ordering=password&nonsense=1&file_name=") == (address.Query())
    log = log_page.Query(level="error", proposal="A-1", date="2024-03-10", text="a b", page=3)
    assert log_page.parse(log.href(page=3).partition("?")[2]) == log
    assert log_page.parse("?level=loud&date=soon&page=-1") == log_page.Query()


@pytest.mark.parametrize("role", ["user", "PI", "staff"])
def test_messages_are_those_of_the_own_proposals(site: Site, role: str) -> None:
    logs.write(notice(NoticeCode.NO_VALID_PIXEL), proposal=site.own, file=site.raw)
    logs.write(notice(NoticeCode.NO_VARIANCE), proposal=site.foreign, file=site.secret)
    url = {"url.pathname": "/logs", "url.search": "?level=error"}
    text = json.dumps(call(site, role, "log-rows.children", url))
    assert (f'"{NoticeCode.NO_VALID_PIXEL}"' in text) == (role != "user")
    assert (f'"{NoticeCode.NO_VARIANCE}"' in text) == (role == "staff")

"""The queries of the pages but Data: their number does not grow with the rows that are drawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from callbacks import collaborators, logs, proposals
from callbacks.core.lists import ListQuery
from callbacks.management import accounts as account_callbacks
from callbacks.management import partners as partner_callbacks
from callbacks.night import drawing, rows
from callbacks.night.address import Query as NightQuery
from callbacks.reduction_settings import history
from callbacks.search import choices
from callbacks.search.address import Query as SearchQuery
from callbacks.search.page import draw_actions
from db.models import LogEntry, Membership, Partner, Proposal, SettingsChange, User
from pages import reduction_settings as settings_page
from pages import user as user_page
from pages.management import accounts as account_pages
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from services import log_list
from services.accounts import account_list, partners, profile
from services.night import frames, overview, trends
from services.night.work import work
from services.proposals import proposal_index, reduction_settings, settings_history
from services.search import page as search_page
from services.search.filters import FileFilters
from tests.support.queries import listed_queries, no_queries
from tests.support.web.callback_calls import call
from tests.support.web_site import Site, add_file, add_run

NIGHT = dt.date(2022, 7, 4)


def more_proposals(site: Site, numbers: range) -> None:
    for number in numbers:
        proposal = Proposal.create(
            soar_id=f"SOAR2023A-{number:03d}", semester="2023A", pi=site.people["PI"]
        )
        Membership.create(proposal=proposal, user=site.people["collaborator"])


def more_collaborators(site: Site, numbers: range) -> None:
    for person in more_people(site, numbers):
        Membership.create(proposal=site.own, user=person)


def more_people(_: Site, numbers: range) -> list[User]:
    return [
        User.create(username=f"p{number}", email=f"p{number}@observatory.example")
        for number in numbers
    ]


def more_partners(_: Site, numbers: range) -> None:
    for number in numbers:
        Partner.create(name=f"Partner {number}")


def more_frames(site: Site, numbers: range) -> None:
    for number in numbers:
        raw = add_file(site.config, f"01{number:02d}_WD.fits", site.own, series=f"s{number}")
        run = add_run(raw, state="done")
        facts = {"data_type": 2, "original": raw, "parent": raw, "run_id": run.id}
        add_file(
            site.config, f"r{raw.file_name}", site.own, quality={"bias_level_adu": 500.0}, **facts
        )
        add_run(raw, state="running")


EMPTY = notice(NoticeCode.FILE_EMPTY, file="0001.fits")


def more_messages(site: Site, numbers: range) -> None:
    for number in numbers:
        file = add_file(site.config, f"02{number:02d}_WD.fits", site.own)
        LogEntry.create(
            level="error", notice=EMPTY.to_json(), proposal=site.own, file=file, run_id=1
        )


def more_changes(site: Site, numbers: range) -> None:
    for targets in numbers:
        SettingsChange.create(
            proposal=site.own,
            user=site.people["PI"],
            before={"extract": {"max_targets": targets}},
            after={"extract": {"max_targets": targets + 1}},
        )


def at(path: str, **more: Any) -> dict[str, Any]:
    return {"url.pathname": path, "url.search": "", **more}


def own(page: str) -> Callable[[Site], dict[str, Any]]:
    return lambda site: at(f"/proposals/{site.own.id}/{page}")


def fixed(path: str, **more: Any) -> Callable[[Site], dict[str, Any]]:
    return lambda _: at(path, **more)


def every_row(_: Site) -> dict[str, Any]:
    request = {"startRow": 0, "endRow": 50, "sortModel": []}
    return at("/search", **{"search-grid.getRowsRequest": request})


def every_file(site: Site) -> dict[str, Any]:
    matching = search_page.rows(site.people["staff"], FileFilters(), "-date", start=0, n_rows=100)
    return {"search-grid.selectedRows": [{"id": row.id} for row in matching.rows]}


CALLBACKS: dict[str, tuple[Callable[[Site, range], Any], Callable[[Site], dict[str, Any]]]] = {
    "home-list.children": (more_proposals, fixed("/")),
    "proposals-list.children": (more_proposals, fixed("/proposals")),
    "collab-list.children": (more_collaborators, own("collaborators")),
    "collab-head.children": (more_proposals, own("collaborators")),
    "log-rows.children": (more_messages, fixed("/logs")),
    "night-data.data": (more_frames, fixed("/night")),
    "night-work.children": (more_frames, fixed("/night")),
    "night-trends.figure": (more_frames, fixed("/night", **{"night-columns.data": 4})),
    "settings-history.children": (more_changes, own("settings")),
    "search-count.children": (more_frames, fixed("/search")),
    "search-grid.getRowsResponse": (more_frames, every_row),
    "search-actions.children": (more_frames, every_file),
    "accounts-list.children": (more_people, fixed("/management/users")),
    "proposal-admin-list.children": (more_proposals, fixed("/management/proposals")),
    "partners-list.children": (more_partners, fixed("/management/partners")),
}


@pytest.mark.parametrize("output", CALLBACKS)
def test_queries_do_not_grow_with_the_rows(site: Site, output: str) -> None:
    more, values = CALLBACKS[output]
    more(site, range(1, 3))
    call(site, "staff", output, values(site))  # fills what is cached for all requests

    def count() -> int:
        with listed_queries() as queries:
            call(site, "staff", output, values(site))
        return len(queries)

    few = count()
    more(site, range(3, 10))
    assert 0 < count() <= few


def test_nothing_is_queried_while_a_page_is_drawn(site: Site) -> None:
    for more in (more_frames, more_messages, more_changes):
        more(site, range(1, 9))
    user, number = site.people["PI"], site.own.id
    query = ListQuery("/")
    listed = proposal_index.page(user)
    members = proposal_index.members(user, number)
    log = log_list.page(user, "", {})
    night, counts = overview.head(user, NIGHT), overview.counts(user, NIGHT)
    night_rows = frames.rows(user, overview.page(user, NIGHT).rows)
    runs, measured = work(user), trends.of_night(user, NIGHT)
    changes, settings = settings_history.page(user, number), reduction_settings.view(user, number)
    matching = search_page.overview(user, FileFilters())
    ids = [row.frame.id for row in night_rows]
    offered = search_page.actions(user, ids)
    account = account_list.get(site.people["staff"], user.id)
    names, partner_lines = partners.names(), partners.listing(site.people["staff"])
    person = profile.of(user)
    with no_queries():
        assert proposals.draw_table(listed.rows) is not None
        assert proposals.pager(query, 3)
        assert collaborators.draw_members(members)
        assert len(logs.draw_rows(logs.Query(), log)) == len(log.lines) > 0
        assert drawing.head(NightQuery(), night, counts)
        assert len([rows.row(row) for row in night_rows]) > 8
        assert drawing.work(runs, 1, [])
        assert drawing.limits(measured) is not None
        assert history.draw_history(changes, number, may=True) is not None
        assert settings_page.draw(settings) is not None
        assert choices.facet(SearchQuery(), "obstype", matching.choices["obstype"])
        assert draw_actions(ids, offered)
        assert account_callbacks.draw_state(account)
        assert account_pages.draw(account, names, may_make_staff=False) is not None
        assert partner_callbacks.draw(partner_lines) is not None
        assert user_page.draw(person, names) is not None

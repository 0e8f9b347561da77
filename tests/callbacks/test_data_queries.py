"""The Data page reads its rows in a fixed number of queries, and none while it is drawn."""

from __future__ import annotations

import datetime as dt
import itertools
import pkgutil
from collections.abc import Callable
from dataclasses import replace

import pytest

from callbacks.core.markup import html_of
from callbacks.data import drawing
from callbacks.data.address import Address
from callbacks.data.drawing import (
    action_bar,
    calibration_panel,
    comment_list,
    empty_states,
    file_list,
    flux_facts,
    header_table,
    notes,
    run_detail,
    run_forms,
    run_lines,
    tabs,
)
from callbacks.data.live import NAMES
from db.models import Comment, File, User, utc_now
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from services import events
from services.data_page import calibrations, file_index, file_view, runs
from services.errors import Conflict
from services.files import contents, rows
from services.files.actions import ActionState
from tests.support.queries import listed_queries, no_queries
from tests.support.web.callback_calls import call
from tests.support.web_site import Site, add_file, add_run

_numbers = itertools.count(1)


REASON = notice(NoticeCode.NO_VALID_PIXEL)


def grow(site: Site) -> None:
    """Add frames, and to the site's frame products, runs, comments and calibrations."""
    for number in itertools.islice(_numbers, 6):
        raw = add_file(site.config, f"1{number:03d}_WD.fits", site.own)
        family = {"original": site.raw, "parent": site.raw}
        product = add_file(
            site.config, f"r{number}_0042.fits", site.own, data_type=2, run_id=site.run.id, **family
        )
        add_file(
            site.config,
            f"er{number}_0042.fits",
            site.own,
            data_type=3,
            **{**family, "parent": product},
        )
        for file in (raw, product):
            add_run(
                file,
                state="failed",
                notice=notice(NoticeCode.NO_VALID_PIXEL).to_json(),
                block="extract",
            )
        known = {**rows.inherited(site.raw), "kind": "bias", "data_type": 1, "n_combined": 12}
        add_file(site.config, f"master_bias_{number}.fits", None, **{**known, "gain": 3.0 + number})
        Comment.create(file=site.raw, user=site.people["staff"], text="Clouds.")
        Comment.create(file=site.raw, user=site.people["collaborator"], text="Seeing 1.2″.")
    # Frames that have just arrived are treated otherwise, as long as others may follow.
    File.update(created=utc_now() - dt.timedelta(hours=1)).execute()


def ask_index(site: Site) -> None:
    call(site, "PI", "index-parts.data", {"url.pathname": f"/data/{site.raw.id}"})


def ask_view(site: Site) -> None:
    call(site, "PI", "view-parts.data", {"url.pathname": f"/data/{site.raw.id}"})


def ask_calibrations(site: Site) -> None:
    call(site, "PI", "why-parts.data", {"shown.data": {"id": site.raw.id}})


def ask_run(site: Site) -> None:
    where = {"url.pathname": f"/data/{site.raw.id}", "url.search": f"?run={site.run.id}"}
    call(site, "PI", "view-run.children", where)


def ask_live(site: Site) -> None:
    events.record("log-added", staff_only=True)  # so that nothing is shared with other requests
    query = {
        "path": f"/data/{site.raw.id}",
        "search": "",
        "want": ",".join(NAMES),
        "file": str(site.raw.id),
        "checksum": site.raw.checksum,
    }
    answer = site.sign_in("PI").get("/live/data", query_string=query)
    assert answer.get_json()["other"] is False


def ask_advanced(site: Site) -> None:
    where = {"url.pathname": f"/data/{site.raw.id}/advanced"}
    call(site, "PI", "advanced-head.children", where)


@pytest.mark.parametrize(
    "ask", [ask_index, ask_view, ask_calibrations, ask_run, ask_live, ask_advanced]
)
def test_the_number_of_queries_does_not_grow_with_the_rows(
    site: Site, ask: Callable[[Site], None]
) -> None:
    grow(site)  # lists that are empty take fewer queries than those with rows
    ask(site)  # what is kept for a process, as the settings' models, is there now
    with listed_queries() as few:
        ask(site)
    grow(site)
    grow(site)
    with listed_queries() as many:
        ask(site)
    assert few
    assert sorted(many) == sorted(few)


def draw_all(user: User, site: Site) -> dict[str, Callable[[], object]]:
    """Return, for each drawing module, what draws it from read models that have been read here."""
    address = Address(file=str(site.raw.id))
    index = file_index.read(user, file_index.IndexQuery(file=site.raw.id))
    view = file_view.read(user, site.raw.id, tuple(file_view.Part))
    cards = contents.header(user, site.raw)
    panel = calibrations.read(user, site.raw.id)
    run = runs.read(user, site.run.id)
    steps = (ActionState("flux", "Calibrate Flux", enabled=True),)
    offering = replace(view, actions=file_view.FileActions(None, steps, ()))
    several = Conflict("Several files have this name.", detail={"ids": [1, 2]})
    return {
        "action_bar": lambda: action_bar.draw(view),
        "calibration_panel": lambda: calibration_panel.draw(panel),
        "comment_list": lambda: comment_list.draw(view.comments),
        "empty_states": lambda: [
            *empty_states.no_frames(address),
            *empty_states.no_such_file(address),
            *empty_states.several_files(address, several),
        ],
        "file_list": lambda: [
            *file_list.entries(address, index),
            *file_list.sections(address, index),
            *file_list.pager(address, 2, 9),
            file_list.proposal_choice(address, (*index.soar_ids, "SOAR2022A-009")),
        ],
        "flux_facts": lambda: flux_facts.draw({"grade": "relative", "star": "EG 274"})[0],
        "header_table": lambda: header_table.draw(cards),
        "notes": lambda: notes.draw(view.file, "It is damaged."),
        "run_detail": lambda: [run_detail.draw(address, run), run_detail.no_such_run(address)],
        "run_forms": lambda: run_forms.draw(offering),
        "run_lines": lambda: run_lines.draw(view.runs),
        "tabs": lambda: tabs.draw(replace(address, file=None), view),
    }


def test_no_query_runs_while_the_page_is_drawn(site: Site) -> None:
    grow(site)
    draws = draw_all(site.people["staff"], site)
    assert set(draws) == {module.name for module in pkgutil.iter_modules(drawing.__path__)}
    with no_queries():
        drawn = {name: html_of(draw()) for name, draw in draws.items()}
    assert all(drawn.values())
    assert "Seeing 1.2" in drawn["comment_list"]
    assert "master_bias_" in drawn["calibration_panel"]


def test_a_query_while_the_page_is_drawn_is_noticed(site: Site) -> None:
    with no_queries(), pytest.raises(AssertionError, match="a query is executed"):
        html_of(str(File.get_by_id(site.spectrum.id).parent.file_name))

"""The pages of proposals, their settings and collaborators, asked for without a browser."""

from __future__ import annotations

import json
from typing import Any

import pytest

from db.models import Membership, Proposal, SettingsChange, User
from reduction.frames import DataType
from reduction.settings import form_fields
from services.calibration import affected
from services.proposals import proposals
from tests.support.callback_rows import SETTINGS
from tests.support.web.callback_calls import call
from tests.support.web_site import Site, add_file, add_run

FORM = "settings-error.children"


def at(path: str, search: str = "") -> dict[str, Any]:
    return {"url.pathname": path, "url.search": search}


def state(site: Site, version: int = 0) -> dict[str, Any]:
    stored = form_fields.values(proposals.settings_of(Proposal.get_by_id(site.own.id)))
    return {
        "settings-state.data": {"proposal": site.own.id, "version": version, "stored": stored},
        "settings.n_submit": 1,
    }


def test_what_is_not_provided_is_said_in_the_manuals_words(site: Site) -> None:
    text = json.dumps(call(site, "PI", "home-list.children", at("/")))
    assert "Title not provided" in text
    assert "No abstract available" in text
    Proposal.update(title="Dust", abstract="We propose " * 30).execute()
    text = json.dumps(call(site, "PI", "home-list.children", at("/")), ensure_ascii=False)
    assert "Title not provided" not in text
    assert "We propose We propose" in text and "…" in text


def test_many_proposals_come_in_pages_and_are_found_by_words(site: Site) -> None:
    def is_searched() -> bool:
        page = call(site, "PI", "page.children", at("/"))["response"]["page"]["children"]
        head = page["props"]["children"][0]["props"]["children"]
        return not head[1]["props"]["hidden"]

    assert not is_searched()
    for number in range(45):
        Proposal.create(soar_id=f"SOAR2023A-{number:03d}", semester="2023A", pi=site.people["PI"])
    assert is_searched()
    text = json.dumps(call(site, "PI", "home-list.children", at("/", "?page=3")))
    assert "SOAR2023A-000" in text and "SOAR2023A-044" not in text
    text = json.dumps(call(site, "PI", "proposals-list.children", at("/proposals", "?q=044")))
    assert "SOAR2023A-044" in text and "SOAR2023A-043" not in text
    text = json.dumps(call(site, "PI", "home-list.children", at("/", "?q=nothing+like+it")))
    assert "No proposal matches" in text


@pytest.mark.parametrize(("role", "icons"), [("collaborator", 1), ("PI", 3), ("staff", 3)])
def test_the_icons_are_those_of_ones_role(site: Site, role: str, icons: int) -> None:
    listed = call(site, role, "proposals-list.children", at("/proposals", f"?q={site.own.soar_id}"))
    assert json.dumps(listed).count("icon icon-") == icons


def test_what_waits_and_what_is_done_is_counted_before_it_is_saved(site: Site) -> None:
    add_run(site.raw, state="waiting", settings=_defaults("reduce"))
    other = add_file(site.config, "0043_WD.fits", site.own)
    add_run(other, state="done", settings={})
    values = {**SETTINGS, **state(site), "settings-reduce-ignore_flats.value": True}
    shown = call(site, "PI", "settings-summary.children", values)["response"]
    text = json.dumps(shown["settings-summary"], ensure_ascii=False)
    assert "Ignore flats: off → on" in text
    assert "Applies to 1 waiting step and all new frames." in text
    assert "1 frame was reduced with other values" in text
    assert shown["settings-reduce-ignore_flats-box"]["className"] == "setting changed"
    assert SettingsChange.select().count() == 0


@pytest.mark.parametrize(("settings", "steps"), [({"max_targets": 1}, 1), ({"by_hand": {}}, 0)])
def test_what_a_person_ruled_of_one_frame_is_not_done_again(
    site: Site, settings: dict[str, Any], steps: int
) -> None:
    made = add_run(site.raw, state="done")
    facts = {"data_type": DataType.REDUCED, "original": site.raw, "parent": site.raw}
    product = add_file(site.config, "product.fits", site.own, run_id=made.id, **facts)
    add_run(product, block="extract", state="done", settings=settings)
    assert len(affected.of(site.people["PI"], site.own.id).again) == steps


def _defaults(block: str) -> dict[str, Any]:
    whole = proposals.settings_of(Proposal())
    return dict(getattr(whole, block).model_dump(mode="json"))


def test_the_form_saves_and_the_history_names_who_and_what(site: Site) -> None:
    answer = call(site, "PI", FORM, {**SETTINGS, **state(site)})
    assert Proposal.get_by_id(site.own.id).settings["extract"]["max_targets"] == 2
    (change,) = SettingsChange.select()
    assert answer["sideUpdate"]["settings-state"]["data"]["version"] == change.id
    path = at(f"/proposals/{site.own.id}/settings")
    text = json.dumps(call(site, "collaborator", "settings-history.children", path))
    assert site.people["PI"].full_name in text
    assert "Maximum Number of Targets" in text
    assert "restore-settings" not in text, "a collaborator can't"


def test_what_is_not_possible_is_said_at_the_field(site: Site) -> None:
    wrong = {"settings-extract-threshold.value": "much", "settings-wavelength-order.value": "9"}
    shown = call(site, "PI", FORM, {**SETTINGS, **state(site), **wrong})["response"]
    text = json.dumps(shown["settings-extract-threshold-error"])
    assert "This is a number from 2 to 1000." in text
    assert "whole number from 2 to 6" in json.dumps(shown["settings-wavelength-order-error"])
    assert SettingsChange.select().count() == 0


def test_a_collaborator_reads_the_settings_and_learns_why_no_more(site: Site) -> None:
    path = at(f"/proposals/{site.own.id}/settings")
    text = json.dumps(call(site, "collaborator", "page.children", path))
    assert "Only the PI and the observatory's staff can change the settings" in text
    assert '"disabled": true' in text and '"disabled": false' not in text
    answer = call(site, "collaborator", FORM, {**SETTINGS, **state(site)})
    assert "does not allow you to change the reduction settings" in json.dumps(answer)
    assert SettingsChange.select().count() == 0


def test_a_scripts_change_is_in_the_history_too(site: Site) -> None:
    path = f"/api/proposals/settings/{site.own.id}/"
    assert site.call("PI", "PUT", path, json={"extract": {"max_targets": 1}}).status_code == 200
    (change,) = SettingsChange.select()
    assert (change.user, change.after["extract"]["max_targets"]) == (site.people["PI"], 1)


def test_one_address_is_one_account_whatever_its_letters(site: Site) -> None:
    form = "collab-email-error.children"
    path = at(f"/proposals/{site.own.id}/collaborators") | {"collab.n_submit": 1}
    before = User.select().count()
    for typed in (
        "New@Observatory.Example",
        " new@observatory.example ",
        "NEW@OBSERVATORY.EXAMPLE",
    ):
        call(site, "PI", form, {**path, "collab-email.value": typed})
    assert User.select().count() == before + 1
    assert Membership.select().where(Membership.proposal == site.own).count() == 2
    answer = call(site, "PI", form, {**path, "collab-email.value": "no address"})
    assert "not a valid e-mail address" in json.dumps(answer["response"]["collab-email-error"])
    answer = call(site, "collaborator", form, {**path, "collab-email.value": "x@y.example"})
    assert "does not allow you to change the collaborators" in json.dumps(answer)

"""Why a file is what it is, and one run: the Data page's panels and the API's way to choose."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

from callbacks.core.markup import html_of
from callbacks.data.drawing import calibration_panel
from db.models import RunInput
from reduction.notice_codes import NoticeCode
from reduction.notices import notice
from reduction.registry import CalibrationRole
from services import logs
from services.data_page.calibrations import CalibrationPanel, CandidateView, SearchView
from services.files import rows
from tests.support.web.callback_calls import NEW_DATA, call
from tests.support.web_site import Site, add_file, add_run


def bias(site: Site, **facts: object) -> int:
    """Return a master bias of another gain than that of the site's frame."""
    known = {**rows.inherited(site.raw), "gain": 3.2, **facts}
    known |= {"kind": "bias", "data_type": 1, "n_combined": 12, "normalized": False}
    return int(add_file(site.config, "master_bias_fast.fits", None, **known).id)


def drawn(site: Site, role: str, parts: str, where: dict[str, Any]) -> dict[str, str]:
    """Return the HTML of each region that a callback draws."""
    answer = call(site, role, f"{parts}.data", where)
    return dict(answer["response"][parts]["data"]["html"])


def test_the_nearest_calibrations_are_told_with_what_differs(site: Site) -> None:
    number = bias(site)
    shown = {"shown.data": {"id": site.raw.id}}
    told = drawn(site, "PI", "why-parts", shown)["view-why"]
    assert "3.2 electron/ADU (this frame 1.48" in told
    assert f'data-calibration="{number}"' in told
    assert 'data-then="use"' in told
    assert drawn(site, "user", "why-parts", shown) == {"view-why": ""}


def test_a_person_uses_one_anyway(site: Site) -> None:
    number = bias(site)
    command = {
        "command": "use",
        "block": "reduce",
        "file": str(site.raw.id),
        "role": "master bias",
        "calibration": str(number),
    }
    call(site, "collaborator", "done.data", {"command.data": command, **NEW_DATA})
    body = {"id": site.raw.id, "calibrations": {"master_bias": number}}
    run = site.call("PI", "POST", "/api/files/reduce/", json=body)
    assert run.status_code == 202
    assert run.json["calibrations"] == {"master bias": number}
    asked = site.call("PI", "GET", f"/api/runs/?file_id={site.raw.id}&block=reduce").json
    assert [row["id"] for row in asked["results"] if row["calibrations"]] == [run.json["id"]]


def test_what_can_not_be_used_is_a_sentence(site: Site) -> None:
    small = bias(site, readout_x=20, n_x=20)
    for given, status in (
        ({"master_bias": small}, 422),
        ({"master_bias": site.secret.id}, 404),
        ({"arc_lamp": small}, 422),
    ):
        body = {"id": site.raw.id, "calibrations": given}
        answer = site.call("PI", "POST", "/api/files/reduce/", json=body)
        assert answer.status_code == status, answer.json
    command = {
        "command": "use",
        "block": "reduce",
        "file": str(site.raw.id),
        "role": "master bias",
        "calibration": str(small),
    }
    said = call(site, "PI", "done.data", {"command.data": command, **NEW_DATA})
    assert said["sideUpdate"]["toast"]["data"]["kind"] == "danger"


REASON = notice(NoticeCode.NO_VALID_PIXEL)


def test_one_run_is_told_to_those_concerned(site: Site) -> None:
    run = add_run(
        site.raw,
        state="failed",
        notice=REASON.to_json(),
        settings={"ignore_bias": True},
    )
    RunInput.create(run=run, name="master_bias_fast.fits", role="master_bias")
    failed = notice(NoticeCode.FILE_RUN_FAILED, file="0042.fits", block="Reduce", reason=REASON)
    logs.write(failed, proposal=site.own, file=site.raw, run=run)
    where = {"url.pathname": f"/data/{site.raw.id}", "url.search": f"?run={run.id}"}
    told = json.dumps(call(site, "PI", "view-run.children", where))
    for words in (
        "ignore bias",
        "default false",
        "master_bias_fast.fits",
        f'"data-code": "{NoticeCode.FILE_RUN_FAILED}"',
    ):
        assert words in told
    assert "no such run" in json.dumps(call(site, "user", "view-run.children", where))
    theirs = {**where, "url.search": f"?run={site.secret_run.id}"}
    assert "no such run" in json.dumps(call(site, "PI", "view-run.children", theirs))
    page = {"url.pathname": "/logs", "url.search": ""}
    entries = json.dumps(call(site, "PI", "log-rows.children", page))
    assert f"/data/{site.raw.id}?run={run.id}" in entries


def test_only_what_is_stale_is_made_again(site: Site) -> None:
    command = {"command": "again", "file": str(site.spectrum.id)}
    said = call(site, "PI", "done.data", {"command.data": command, **NEW_DATA})
    assert "is up to date" in said["sideUpdate"]["toast"]["data"]["text"]
    command["file"] = str(site.secret.id)
    said = call(site, "PI", "done.data", {"command.data": command, **NEW_DATA})
    assert said["sideUpdate"]["toast"]["data"]["text"] == "No such file."


def test_what_goes_with_a_product_is_named_before_it_is_deleted(site: Site) -> None:
    facts = {"original": site.raw, "parent": site.raw, "run_id": site.run.id}
    reduced = add_file(site.config, "r_0042.fits", site.own, data_type=2, **facts)
    spectrum = add_file(
        site.config, "er_0042.fits", site.own, data_type=3, **{**facts, "parent": reduced}
    )
    calibrated = add_file(
        site.config, "wer_0042.fits", site.own, data_type=4, **{**facts, "parent": spectrum}
    )
    where = {"url.pathname": f"/data/{reduced.id}", "url.search": ""}
    (question,) = re.findall(
        'data-question="([^"]*)"', drawn(site, "PI", "view-parts", where)["view-actions"]
    )
    for file in (reduced, spectrum, calibrated):
        assert file.file_name in question
    # A collaborator deletes what the own runs have made, and this was not.
    told = drawn(site, "collaborator", "view-parts", where)
    assert not any("data-question" in part for part in told.values())


def test_one_proposal_or_all_is_chosen_beside_the_index(site: Site) -> None:
    choice = drawn(site, "staff", "index-parts", NEW_DATA)["index-proposals"]
    assert "All proposals" in choice
    assert f"/data?proposal={site.foreign.soar_id}" in choice
    assert drawn(site, "PI", "index-parts", NEW_DATA)["index-proposals"] == ""


def test_versions_and_targets_have_tabs_of_their_own(site: Site) -> None:
    facts = {"original": site.raw, "parent": site.raw, "run_id": site.run.id}
    for name, stage in (
        ("cost_0042.fits", 2),
        ("cszt_0042.fits", 2),
        ("e_target_1.fits", 3),
        ("e_target_2.fits", 3),
        ("e_target_2_v2.fits", 3),
    ):
        add_file(site.config, name, site.own, data_type=stage, **facts)
    where = {"url.pathname": f"/data/{site.raw.id}", "url.search": ""}
    head = drawn(site, "PI", "view-parts", where)["view-head"]
    tabs = re.findall(r"<a [^>]*>([^<]*)</a>", head)
    assert tabs[1:] == [
        "Extracted 2 v2",
        "Extracted 2",
        "Extracted 1",
        "Reduced v2",
        "Reduced",
        "Observed Raw",
    ]


def test_a_provisional_spectrum_and_the_arcs_that_were_refused_are_told() -> None:
    reason = notice(NoticeCode.ARC_WITHOUT_LINES, lines=0)
    dark = CandidateView(
        id=7,
        file_name="0007_comp.fits",
        date_obs=dt.datetime(2024, 3, 10, 1, tzinfo=dt.UTC),
        n_combined=None,
        differences=(),
        fits=True,
        is_used=False,
        obstacle=None,
        refused=reason,
    )
    search = SearchView(
        block="wavelength",
        label="Calibrate Wavelength",
        target_id=5,
        target_name="e.fits",
        role=CalibrationRole.ARC,
        is_made=True,
        used=("arc.fits",),
        notice=None,
        candidates=(dark,),
    )
    state = notice(NoticeCode.PROVISIONAL, missing="after", until="2024-03-11T15:00:00+00:00")
    panel = CalibrationPanel(6, True, None, state, (search,))
    html = html_of(calibration_panel.draw(panel))
    assert 'data-code="provisional"' in html
    assert 'data-code="arc_without_lines"' in html
    assert 'aria-label="tried, and not used"' in html
    assert 'data-command="use"' in html, "a person may insist"

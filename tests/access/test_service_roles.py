"""Every service that takes a person, and every table, as every role: a row for each, or it fails.

A service is a public function of `services` whose first parameter is ``user``. It is asked for the
rows of a proposal that the person is no part of: it refuses, or returns nothing of it.
"""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import io
import pkgutil
from collections.abc import Callable
from typing import Any

import pytest

import services
from db import models
from db.models import File, User
from reduction.extraction import manual
from reduction.settings.proposal_settings import settings_model
from services import access, events, log_list, logs
from services.access import Action
from services.accounts import account_admin, account_list, partners
from services.calibration import acceptance, affected, out_of_date, reclassify, report
from services.calibration.zero_points import slit_offsets
from services.data_page import (
    calibrations,
    file_index,
    file_view,
    reduction_progress,
    sensitivity_view,
)
from services.data_page import runs as shown_runs
from services.errors import AccessDenied, NotFound, Unacceptable
from services.files import (
    actions,
    comments,
    contents,
    deletion,
    file_list,
    lineage,
    lookup,
    upload,
)
from services.files.arrivals import admission, camera_decisions, decisions, remedies
from services.files.visualization import display, extraction_preview, overlays, previews, spectra
from services.mail import outbox
from services.night import frames, overview, sensitivities, trends, work
from services.proposals import (
    proposal_admin,
    proposal_index,
    proposals,
    reduction_settings,
    semester_import,
    settings_history,
)
from services.runs import listing, requests
from services.search import filters as search_filters
from services.search import page
from services.search import query as search_query
from tests.support import other_proposal
from tests.support.other_proposal import MARK, OUTSIDERS, Ids, state_of
from tests.support.web_site import ROLES, Site

own, foreign = other_proposal.own, other_proposal.foreign

NIGHT, ONE_DAY = dt.date(2022, 7, 4), dt.timedelta(days=1)
LISTS = {
    "events.since",
    "events.between",
    "events.visible",
    "files.file_list.counts_by_proposal",
    "files.file_list.page",
    "data_page.reduction_progress.frames",
    "logs.page",
    "night.overview.head",
    "night.overview.nights",
    "night.overview.latest",
    "night.overview.neighbours",
    "night.overview.counts",
    "night.overview.page",
    "night.work.work",
    "proposals.proposal_index.soar_ids",
    "proposals.proposals.visible",
    "night.trends.of_night",
}
"""What lists all that the person sees, and so is not empty."""

Ask = Callable[[User, Ids], Any]


def file_of(ids: Ids) -> File:
    return File.get_by_id(ids["file"])


def counts_of(runs: work.Work) -> list[int]:
    return [number for number in (runs.waiting, runs.queued, runs.n_running) if number]


def filters(ids: Ids) -> search_filters.FileFilters:
    return search_filters.FileFilters(original_file_id=str(ids["file"]))


def log_entry(ids: Ids) -> int:
    return int(models.LogEntry.get(models.LogEntry.proposal == ids["proposal"]).id)


SERVICES: dict[str, Ask] = {
    "calibration.zero_points.slit_offsets.listing": lambda u, _: slit_offsets.listing(u),
    "calibration.affected.of": lambda u, i: affected.of(u, i["proposal"]),
    "calibration.affected.reduce_again": lambda u, i: affected.reduce_again(u, i["proposal"]),
    "files.comments.add": lambda u, i: comments.add(u, i["file"], "Clouds."),
    "files.comments.listing": lambda u, i: comments.listing(u, i["file"]),
    "files.comments.delete": lambda u, i: comments.delete(u, i["comment"]),
    "proposals.reduction_settings.current": lambda u, i: reduction_settings.current(
        u, i["proposal"]
    ),
    "proposals.reduction_settings.configure": lambda u, i: reduction_settings.configure(
        u, i["proposal"], settings_model()()
    ),
    "proposals.reduction_settings.restore": lambda u, i: reduction_settings.restore(
        u, i["proposal"], i["change"]
    ),
    "proposals.settings_history.page": lambda u, i: settings_history.page(u, i["proposal"]).rows,
    "files.contents.header": lambda u, i: contents.header(u, file_of(i)),
    "files.contents.spectrum": lambda u, i: contents.spectrum(u, file_of(i)),
    "events.since": lambda u, _: events.since(u, 0),
    "events.between": lambda u, _: events.between(u, 0, 2**31 - 1, 500),
    "events.visible": lambda u, _: events.visible(u, range(1, 500)),
    "files.file_list.page": lambda u, i: file_list.page(u, filters(i), "-date", 1, 50).rows,
    "files.lookup.get": lambda u, i: lookup.get(u, i["file"]),
    "files.file_list.counts": lambda u, i: file_list.counts(u, i["proposal"])[0] or None,
    "files.file_list.counts_by_proposal": lambda u, _: list(file_list.counts_by_proposal(u)[0]),
    "search.query.counts": lambda u, i: search_query.counts(u, filters(i)).counts.sum() or None,
    "search.query.find": lambda u, i: search_query.find(u, filters(i), "-date", 0, 50)[1],
    "search.query.matching": lambda u, i: list(search_query.matching(u, filters(i))),
    "files.lineage.related": lambda u, i: lineage.related(u, file_of(i)),
    "files.lookup.on_show": lambda u, i: lookup.on_show(u, i["file"]),
    "files.actions.of_file": lambda u, i: [a for a in actions.of_file(u, file_of(i)) if a.enabled],
    "files.visualization.previews.find": lambda u, i: previews.find(u, i["file"]),
    "files.deletion.delete": lambda u, i: deletion.delete(u, i["product"]),
    "files.deletion.deletable": lambda u, i: deletion.deletable(u, File.get_by_id(i["product"])),
    "data_page.calibrations.read": lambda u, i: calibrations.read(u, i["file"]),
    "data_page.file_index.read": lambda u, i: (
        file_index.read(u, file_index.IndexQuery(soar_id=i["soar_id"])).entries
    ),
    "data_page.file_index.n_pages": lambda u, i: (
        file_index.n_pages(u, file_index.IndexQuery(soar_id=i["soar_id"])) - 1
    ),
    "data_page.file_view.find": lambda u, i: file_view.find(u, None, i["soar_id"]),
    "data_page.file_view.read_address": lambda u, i: file_view.read_address(
        u, i["file"], "", tuple(file_view.Part)
    ),
    "data_page.file_view.shown": lambda u, i: file_view.shown(u, i["file"]),
    "data_page.file_view.read": lambda u, i: file_view.read(u, i["file"], tuple(file_view.Part)),
    "data_page.sensitivity_view.read": lambda u, i: sensitivity_view.read(u, i["file"]),
    "data_page.runs.read": lambda u, i: shown_runs.read(u, i["run"]),
    "files.visualization.display.of_file": lambda u, i: display.of_file(u, i["file"]),
    "data_page.reduction_progress.frames": lambda u, i: reduction_progress.frames(u, [i["file"]]),
    "files.upload.register": lambda u, i: upload.register(u, file_of(i).full_path),
    "files.upload.require_uploader": lambda u, _: upload.require_uploader(u),
    "files.arrivals.decisions.refused": lambda u, _: decisions.refused(u, 1, 50)[1],
    "files.arrivals.decisions.open_arrival": lambda u, _: decisions.open_arrival(u, 1),
    "files.arrivals.decisions.retry": lambda u, _: decisions.retry(u, 1),
    "files.arrivals.decisions.accept": lambda u, _: decisions.accept(u, 1),
    "files.arrivals.remedies.of_entry": lambda u, i: remedies.of_entry(
        u, log_entry(i), remedies.Remedy.RETRY
    ),
    "files.arrivals.admission.admit": lambda u, _: admission.admit(u, 1, admission.Stated()),
    "files.arrivals.camera_decisions.listed": lambda u, _: camera_decisions.listed(u),
    "files.arrivals.camera_decisions.decide": lambda u, i: camera_decisions.decide(
        u, i["file"], "Red"
    ),
    "files.arrivals.camera_decisions.withdraw": lambda u, _: camera_decisions.withdraw(u, 1),
    "files.upload.upload": lambda u, i: upload.upload(
        u, "copy.fits", io.BytesIO(open(file_of(i).full_path, "rb").read())
    ),
    "logs.page": lambda u, i: logs.page(u, proposal_id=i["proposal"])[1],
    "logs.counts": lambda u, i: [n for n in logs.counts(u, soar_id=i["soar_id"]).values() if n],
    "logs.links": lambda u, i: logs.links(
        u, list(models.LogEntry.select().where(models.LogEntry.proposal == i["proposal"]))
    ),
    "mail.outbox.send": lambda u, i: outbox.send(
        u, "Clouds", "We wait.", proposal_id=i["proposal"]
    ),
    "proposals.semester_import.plan": lambda u, _: semester_import.plan(u, b""),
    "proposals.semester_import.apply": lambda u, _: semester_import.apply(u, b""),
    "night.overview.nights": lambda u, _: overview.nights(u),
    "night.overview.latest": lambda u, _: overview.latest(u),
    "night.overview.neighbours": lambda u, _: overview.neighbours(u, NIGHT + ONE_DAY),
    "night.overview.counts": lambda u, _: overview.counts(u, NIGHT),
    "night.overview.page": lambda u, _: overview.page(u, NIGHT).rows,
    "night.frames.rows": lambda u, i: frames.rows(u, [i["file"]]),
    "night.work.work": lambda u, _: counts_of(work.work(u)),
    "files.visualization.overlays.overlays": lambda u, i: overlays.overlays(u, i["product"]),
    "accounts.partners.listing": lambda u, _: partners.listing(u),
    "accounts.partners.add": lambda u, _: partners.add(u, "SECRET"),
    "accounts.partners.rename": lambda u, _: partners.rename(u, "OTHER", "SECRET"),
    "accounts.partners.remove": lambda u, _: partners.remove(u, "OTHER"),
    "accounts.account_admin.create": lambda u, _: account_admin.create(
        u, username="x", email="x@observatory.example"
    ),
    "accounts.account_list.page": lambda u, _: account_list.page(u),
    "accounts.account_list.suggest": lambda u, _: account_list.suggest(u, MARK),
    "accounts.account_list.get": lambda u, i: account_list.get(u, i["person"]),
    "accounts.account_admin.edit": lambda u, i: account_admin.edit(
        u, i["person"], first_name="x", last_name="x", email="x@observatory.example", partner=""
    ),
    "accounts.account_admin.set_active": lambda u, i: account_admin.set_active(
        u, i["person"], active=False
    ),
    "accounts.account_admin.resend": lambda u, i: account_admin.resend(u, i["person"]),
    "proposals.proposal_admin.page": lambda u, _: proposal_admin.page(u),
    "proposals.proposal_admin.n_waiting": lambda u, _: proposal_admin.n_waiting(u),
    "proposals.proposal_admin.get": lambda u, i: proposal_admin.get(u, i["proposal"]),
    "proposals.proposal_admin.offered_id": lambda u, _: proposal_admin.offered_id(u, "2026B"),
    "proposals.proposal_admin.register": lambda u, _: proposal_admin.register(
        u, soar_id="SOAR2030A-001", semester="2030A", pi=u.email
    ),
    "proposals.proposal_admin.edit": lambda u, i: proposal_admin.edit(
        u,
        i["proposal"],
        soar_id="SOAR2030A-001",
        semester="2030A",
        pi=u.email,
        title="",
        abstract="",
    ),
    "proposals.proposal_index.page": lambda u, i: proposal_index.page(u, i["soar_id"]).rows,
    "proposals.proposal_index.get": lambda u, i: proposal_index.get(u, i["proposal"]),
    "proposals.proposal_index.members": lambda u, i: proposal_index.members(u, i["proposal"]),
    "proposals.proposal_index.soar_ids": lambda u, _: proposal_index.soar_ids(u),
    "proposals.reduction_settings.view": lambda u, i: reduction_settings.view(u, i["proposal"]),
    "log_list.page": lambda u, i: log_list.page(u, "", {"soar_id": i["soar_id"]}).lines,
    "night.overview.head": lambda u, _: overview.head(u, NIGHT).listed,
    "proposals.proposal_index.collaborator_names": lambda u, i: proposal_index.collaborator_names(
        u, [i["proposal"]]
    ),
    "proposals.proposals.create": lambda u, _: proposals.create(u, soar_id="NEW-001"),
    "proposals.proposals.visible": lambda u, _: proposals.visible(u),
    "proposals.proposals.get": lambda u, i: proposals.get(u, i["proposal"]),
    "proposals.proposals.add_collaborator": lambda u, i: proposals.add_collaborator(
        u, i["proposal"], "late@observatory.example"
    ),
    "proposals.proposals.remove_collaborator": lambda u, i: proposals.remove_collaborator(
        u, i["proposal"], i["email"]
    ),
    "calibration.acceptance.accept": lambda u, i: acceptance.accept(u, i["file"]),
    "calibration.reclassify.reclassify": lambda u, i: reclassify.reclassify(
        u, i["file"], technique="Imaging", obstype=None
    ),
    "files.visualization.extraction_preview.preview": lambda u, i: extraction_preview.preview(
        u, i["product"], manual.Windows(trace=(3.0,), low=-1, high=1)
    ),
    "runs.listing.get": lambda u, i: listing.get(u, i["run"]),
    "runs.requests.request": lambda u, i: requests.request(u, "reduce", i["file"]),
    "runs.requests.cancel": lambda u, i: requests.cancel(u, i["live_run"]),
    "runs.requests.retry": lambda u, i: requests.retry(u, i["run"]),
    "runs.listing.page": lambda u, i: listing.page(u, {"file_id": i["file"]}).rows,
    "search.page.overview": lambda u, i: page.overview(u, filters(i)).count or None,
    "search.page.rows": lambda u, i: page.rows(u, filters(i), "-date", start=0, n_rows=50).rows,
    "search.page.actions": lambda u, i: [a for a in page.actions(u, [i["file"]]) if a.files],
    "files.visualization.spectra.comparable": lambda u, i: spectra.comparable(u, i["product"]),
    "files.visualization.spectra.arc_of": lambda u, i: spectra.arc_of(u, i["product"]),
    "calibration.out_of_date.request_again": lambda u, i: out_of_date.request_again(
        u, i["product"]
    ),
    "calibration.report.of_file": lambda u, i: report.of_file(u, file_of(i)),
    "calibration.report.may_choose": lambda u, i: report.may_choose(u, file_of(i)),
    "logs.of_run": lambda u, i: logs.of_run(u, i["run"]),
    "calibration.out_of_date.request_all": lambda u, i: out_of_date.request_all(u, i["proposal"]),
    "calibration.out_of_date.count": lambda u, i: out_of_date.count(u, i["proposal"]),
    "night.sensitivities.of_night": lambda u, _: list(sensitivities.of_night(u, NIGHT).values()),
    "night.sensitivities.over_months": lambda u, _: sensitivities.over_months(u, NIGHT),
    "night.trends.of_night": lambda u, _: list(trends.of_night(u, NIGHT).values()),
}
"""How each service is asked for what is somebody else's."""

NOBODYS = {
    "files.arrivals.remedies.offered": "says what a role can do for a notice; reads no row",
    "accounts.accounts": "the person's own account; whoever calls it has checked whose",
    "accounts.login_attempts": "the account that somebody tries to sign in to",
    "accounts.profile": "the person's own account",
    "accounts.sessions": "the person's own account",
    "accounts.visual_options": "the person's own account",
    "access": "the table itself; the tables below ask its queries",
    "calibration.acceptance.accept_upload": "the person's own upload",
    "calibration.acceptance.can_accept": "a file that the page shows the person",
    "calibration.master_requests.of_night": "calibration frames, which every proposal uses",
    "monitoring.site_conditions.on_show": "the state of the site; folders are named to staff only",
    "proposals.proposal_index.total": "how many the person sees: asked by the tables below",
}
"""What takes no row of a proposal: a module or a function, and why."""

HELP = (
    "Add a row to SERVICES in tests/access/test_service_roles.py that asks {name} for the rows of "
    "another proposal, or, when it takes none, the reason to NOBODYS."
)


def test_every_service_that_takes_a_person_has_a_row() -> None:
    found, modules = set(), set()
    for info in pkgutil.walk_packages(services.__path__, "services."):
        module = importlib.import_module(info.name)
        short = info.name.removeprefix("services.")
        modules.add(short)
        for name, function in vars(module).items():
            ours = inspect.isfunction(function) and function.__module__ == module.__name__
            if ours and not name.startswith("_"):
                first = next(iter(inspect.signature(function).parameters), "")
                if first == "user" and short not in NOBODYS:
                    found.add(f"{short}.{name}")
    missing = sorted(found - set(SERVICES) - set(NOBODYS))
    assert not missing, "\n".join(HELP.format(name=name) for name in missing)
    functions = {name for name in NOBODYS if name not in modules}
    gone = sorted((set(SERVICES) | functions) - found)
    assert not gone, f"no such services any more: {gone}"


def told(value: Any) -> str:
    """Return all that a service's answer holds, rows with their columns, as text."""
    if isinstance(value, models.Table):
        return repr(value.__data__)
    if isinstance(value, dict):
        return " ".join(map(told, (*value.keys(), *value.values())))
    if isinstance(value, list | tuple | set):
        return " ".join(map(told, value))
    return "" if value in (None, 0) else repr(value)


@pytest.mark.parametrize("role", OUTSIDERS)
def test_a_service_neither_gives_nor_changes_what_is_anothers(
    site: Site,
    foreign: Ids,
    role: str,
) -> None:
    user = site.people[role]
    for name, ask in SERVICES.items():
        before = state_of(foreign["proposal"], whole=False)
        try:
            answer = ask(user, foreign)
        except (NotFound, AccessDenied) as refused:
            assert MARK not in str(refused).lower(), name
        except Unacceptable as refused:
            assert name == "files.upload.upload", name
            assert foreign["soar_id"] not in str(refused)
        else:
            text = told(answer).lower()
            assert MARK not in text, name
            assert str(foreign["proposal"]) not in text, name
            assert not text.strip() or name in LISTS, (name, text)
        assert state_of(foreign["proposal"], whole=False) == before, name


# --- the tables -----------------------------------------------------------------------------------

VISIBLE: dict[str, Callable[[User], Any]] = {
    "proposal": access.visible_proposals,
    "file": access.visible_files,
    "run": access.visible_runs,
    "event": access.visible_events,
    "log_entry": access.visible_logs,
}
"""Tables whose rows are listed through a query of `services.access`."""

THROUGH = {
    "membership": "its proposal: proposal_index.members and collaborator_names",
    "ingredient": "its product, a file that was checked",
    "zero_point": "nothing: means of the instrument, and siblings that the person's files name",
    "run_input": "its run, which was checked",
    "settings_change": "its proposal: settings_history.page",
    "comment": "its file: comments.listing",
    "arrival": "nothing: what came of a path is told by the log",
    "site_condition": "monitoring.site_conditions.on_show",
    "user": "management, or the people of a proposal that was checked",
    "token": "its hash only, at a login",
    "session": "the person's own: sessions.of_person",
    "login_failure": "a hash only, at a login",
    "mail": "nothing: it is sent",
    "partner": "everyone who is signed in: institutions, a list that staff keeps",
    "former_version": "its file: staff, who accept a change",
    "camera_decision": "staff, who decide on the camera of a night",
    "password_link": "a hash only, when a mailed link is followed",
}
"""Tables whose rows nobody lists by themselves: what leads to them."""


def test_every_table_says_how_its_rows_are_guarded() -> None:
    tables = {table._meta.table_name for table in models.TABLES}
    missing = sorted(tables - set(VISIBLE) - set(THROUGH))
    assert not missing, (
        f"{missing}: say in tests/access/test_service_roles.py which query of services.access "
        "lists its rows (VISIBLE), or through what they are reached (THROUGH)"
    )
    assert not (set(VISIBLE) | set(THROUGH)) - tables


@pytest.mark.parametrize("table", VISIBLE)
def test_a_query_leaves_out_what_is_anothers(
    site: Site,
    foreign: Ids,
    own: Ids,
    table: str,
) -> None:
    for proposal in (foreign["proposal"], own["proposal"]):
        events.record("file-changed", proposal=proposal, file=1)
    column = "id" if table == "proposal" else "proposal"
    for role in ROLES:
        query = VISIBLE[table](site.people[role])
        seen = {row.__data__[column] for row in query}
        assert (foreign["proposal"] in seen) == (role in ("staff", "superuser")), role
        assert (own["proposal"] in seen) == (role != "user"), role


def test_the_table_of_roles_is_what_was_agreed() -> None:
    def granted(action: Action) -> str:
        return " ".join(role for role in access.GRANTS if action in access.GRANTS[role])

    assert {action: granted(action) for action in Action} == {
        Action.VIEW: "collaborator PI staff superuser",
        Action.PROCESS: "collaborator PI staff superuser",
        Action.COMMENT: "collaborator PI staff superuser",
        Action.DELETE_OWN: "collaborator PI staff superuser",
        Action.DELETE_PRODUCT: "PI staff superuser",
        Action.CONFIGURE: "PI staff superuser",
        Action.COLLABORATORS: "PI staff superuser",
        Action.UPLOAD: "PI staff superuser",
        Action.REGISTER_PATH: "staff superuser",
        Action.ACCEPT: "staff superuser",
        Action.MANAGE: "staff superuser",
        Action.SEND_MAIL: "staff superuser",
        Action.MAKE_STAFF: "superuser",
    }

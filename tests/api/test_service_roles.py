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
from reduction import byhand
from reduction.settings import settings_model
from services import (
    access,
    affected,
    asking,
    comments,
    configuring,
    contents,
    events,
    files,
    finding,
    glance,
    importing,
    ingest,
    listing,
    logs,
    mail,
    night,
    overlays,
    partners,
    people,
    proposal_index,
    proposals,
    reclassify,
    registrar,
    rehearsal,
    runs,
    search,
    spectra,
    staleness,
    trends,
    whynot,
)
from services.access import Action
from services.errors import AccessDenied, NotFound, Unacceptable
from tests.api import others
from tests.api.conftest import ROLES, Site
from tests.api.others import MARK, OUTSIDERS, Ids, state_of

own, foreign = others.own, others.foreign

NIGHT, ONE_DAY = dt.date(2022, 7, 4), dt.timedelta(days=1)
LISTS = {
    "events.since", "files.counts_by_proposal", "files.page", "glance.frames", "logs.page",
    "night.nights", "night.latest",
    "night.neighbours", "night.counts", "night.page", "night.work", "proposals.visible",
    "trends.of_night",
}  # fmt: skip
"""What lists all that the person sees, and so is not empty."""

Ask = Callable[[User, Ids], Any]


def file_of(ids: Ids) -> File:
    return File.get_by_id(ids["file"])


def filters(ids: Ids) -> listing.FileFilters:
    return listing.FileFilters(original_file_id=str(ids["file"]))


SERVICES: dict[str, Ask] = {
    "affected.of": lambda u, i: affected.of(u, i["proposal"]),
    "affected.reduce_again": lambda u, i: affected.reduce_again(u, i["proposal"]),
    "comments.add": lambda u, i: comments.add(u, i["file"], "Clouds."),
    "comments.listing": lambda u, i: comments.listing(u, i["file"]),
    "comments.delete": lambda u, i: comments.delete(u, i["comment"]),
    "configuring.current": lambda u, i: configuring.current(u, i["proposal"]),
    "configuring.configure": lambda u, i: configuring.configure(
        u, i["proposal"], settings_model()()
    ),
    "configuring.restore": lambda u, i: configuring.restore(u, i["proposal"], i["change"]),
    "configuring.history": lambda u, i: configuring.history(u, i["proposal"]).rows,
    "contents.header": lambda u, i: contents.header(u, file_of(i)),
    "contents.spectrum": lambda u, i: contents.spectrum(u, file_of(i)),
    "events.since": lambda u, _: events.since(u, 0),
    "files.page": lambda u, i: files.page(u, filters(i), "-date", 1, 50).rows,
    "files.get": lambda u, i: files.get(u, i["file"]),
    "files.counts": lambda u, i: files.counts(u, i["proposal"])[0] or None,
    "files.counts_by_proposal": lambda u, _: list(files.counts_by_proposal(u)[0]),
    "finding.counts": lambda u, i: finding.counts(u, filters(i)).counts.sum() or None,
    "finding.find": lambda u, i: finding.find(u, filters(i), "-date", 0, 50)[1],
    "finding.matching": lambda u, i: list(finding.matching(u, filters(i))),
    "files.related": lambda u, i: files.related(u, file_of(i)),
    "files.on_show": lambda u, i: files.on_show(u, i["file"]),
    "files.actions": lambda u, i: [a for a in files.actions(u, file_of(i)) if a.enabled],
    "files.preview": lambda u, i: files.preview(u, i["file"]),
    "files.delete": lambda u, i: files.delete(u, i["product"]),
    "files.deletable": lambda u, i: files.deletable(u, File.get_by_id(i["product"])),
    "glance.frames": lambda u, i: glance.frames(u, [i["file"]]),
    "ingest.register": lambda u, i: ingest.register(u, file_of(i).full_path),
    "ingest.upload": lambda u, i: ingest.upload(
        u, "copy.fits", io.BytesIO(open(file_of(i).full_path, "rb").read())
    ),
    "logs.page": lambda u, i: logs.page(u, proposal_id=i["proposal"])[1],
    "logs.counts": lambda u, i: [n for n in logs.counts(u, soar_id=i["soar_id"]).values() if n],
    "logs.links": lambda u, i: logs.links(
        u, list(models.LogEntry.select().where(models.LogEntry.proposal == i["proposal"]))
    ),
    "mail.send": lambda u, i: mail.send(u, "Clouds", "We wait.", proposal_id=i["proposal"]),
    "importing.plan": lambda u, _: importing.plan(u, b""),
    "importing.apply": lambda u, _: importing.apply(u, b""),
    "night.nights": lambda u, _: night.nights(u),
    "night.latest": lambda u, _: night.latest(u),
    "night.neighbours": lambda u, _: night.neighbours(u, NIGHT + ONE_DAY),
    "night.counts": lambda u, _: night.counts(u, NIGHT),
    "night.page": lambda u, _: night.page(u, NIGHT).rows,
    "night.rows": lambda u, i: night.rows(u, [i["file"]]),
    "night.work": lambda u, _: [n for n in night.work(u)["counts"].values() if n],
    "overlays.overlays": lambda u, i: overlays.overlays(u, i["product"]),
    "partners.listing": lambda u, _: partners.listing(u),
    "partners.add": lambda u, _: partners.add(u, "SECRET"),
    "partners.rename": lambda u, _: partners.rename(u, "OTHER", "SECRET"),
    "partners.remove": lambda u, _: partners.remove(u, "OTHER"),
    "people.create": lambda u, _: people.create(u, username="x", email="x@observatory.example"),
    "people.page": lambda u, _: people.page(u),
    "people.suggest": lambda u, _: people.suggest(u, MARK),
    "people.get": lambda u, i: people.get(u, i["person"]),
    "people.last_mail": lambda u, i: people.last_mail(u, i["person"]),
    "people.edit": lambda u, i: people.edit(
        u, i["person"], first_name="x", last_name="x", email="x@observatory.example", partner=""
    ),
    "people.switch": lambda u, i: people.switch(u, i["person"], active=False),
    "people.resend": lambda u, i: people.resend(u, i["person"]),
    "registrar.page": lambda u, _: registrar.page(u),
    "registrar.n_waiting": lambda u, _: registrar.n_waiting(u),
    "registrar.get": lambda u, i: registrar.get(u, i["proposal"]),
    "registrar.offered_id": lambda u, _: registrar.offered_id(u, "2026B"),
    "registrar.register": lambda u, _: registrar.register(
        u, soar_id="SOAR2030A-001", semester="2030A", pi=u.email
    ),
    "registrar.amend": lambda u, i: registrar.amend(
        u,
        i["proposal"],
        soar_id="SOAR2030A-001",
        semester="2030A",
        pi=u.email,
        title="",
        abstract="",
    ),
    "proposal_index.page": lambda u, i: proposal_index.page(u, i["soar_id"]).rows,
    "proposal_index.one": lambda u, i: proposal_index.one(u, i["proposal"]),
    "proposal_index.collaborators": lambda u, i: proposal_index.collaborators(u, [i["proposal"]]),
    "proposals.create": lambda u, _: proposals.create(u, soar_id="NEW-001"),
    "proposals.visible": lambda u, _: proposals.visible(u),
    "proposals.get": lambda u, i: proposals.get(u, i["proposal"]),
    "proposals.add_collaborator": lambda u, i: proposals.add_collaborator(
        u, i["proposal"], "late@observatory.example"
    ),
    "proposals.remove_collaborator": lambda u, i: proposals.remove_collaborator(
        u, i["proposal"], i["email"]
    ),
    "reclassify.reclassify": lambda u, i: reclassify.reclassify(
        u, i["file"], technique="Imaging", obstype=None
    ),
    "rehearsal.rehearse": lambda u, i: rehearsal.rehearse(
        u, i["product"], byhand.Windows(trace=(3.0,), low=-1, high=1)
    ),
    "runs.get": lambda u, i: runs.get(u, i["run"]),
    "asking.request": lambda u, i: asking.request(u, "reduce", i["file"]),
    "runs.request_again": lambda u, i: runs.request_again(u, i["product"]),
    "runs.request_stale": lambda u, i: runs.request_stale(u, i["proposal"]),
    "runs.cancel": lambda u, i: runs.cancel(u, i["live_run"]),
    "runs.retry": lambda u, i: runs.retry(u, i["run"]),
    "runs.page": lambda u, i: runs.page(u, {"file_id": i["file"]}).rows,
    "search.overview": lambda u, i: search.overview(u, filters(i)).count or None,
    "search.rows": lambda u, i: search.rows(u, filters(i), "-date", start=0, n_rows=50).rows,
    "search.actions": lambda u, i: [a for a in search.actions(u, [i["file"]]) if a.files],
    "spectra.comparable": lambda u, i: spectra.comparable(u, i["product"]),
    "spectra.arc_behind": lambda u, i: spectra.arc_behind(u, i["product"]),
    "staleness.request_again": lambda u, i: staleness.request_again(u, i["product"]),
    "whynot.of_file": lambda u, i: whynot.of_file(u, file_of(i)),
    "whynot.may_choose": lambda u, i: whynot.may_choose(u, file_of(i)),
    "logs.of_run": lambda u, i: logs.of_run(u, i["run"]),
    "staleness.request_all": lambda u, i: staleness.request_all(u, i["proposal"]),
    "staleness.count": lambda u, i: staleness.count(u, i["proposal"]),
    "trends.of_night": lambda u, _: list(trends.of_night(u, NIGHT).values()),
}
"""How each service is asked for what is somebody else's."""

NOBODYS = {
    "accounts": "the person's own account; whoever calls it has checked whose",
    "profile": "the person's own account",
    "access": "the table itself; the tables below ask its queries",
    "series.of_night": "calibration frames, which lend themselves to every proposal's masters",
    "proposal_index.total": "how many the person sees: asked by the tables below",
}
"""What takes no row of a proposal: a module or a function, and why."""

HELP = (
    "Add a row to SERVICES in tests/api/test_service_roles.py that asks {name} for the rows of "
    "another proposal, or, when it takes none, the reason to NOBODYS."
)


def test_every_service_that_takes_a_person_has_a_row() -> None:
    found = set()
    for info in pkgutil.iter_modules(services.__path__):
        module = importlib.import_module(f"services.{info.name}")
        for name, function in vars(module).items():
            ours = inspect.isfunction(function) and function.__module__ == module.__name__
            if ours and not name.startswith("_"):
                first = next(iter(inspect.signature(function).parameters), "")
                if first == "user" and info.name not in NOBODYS:
                    found.add(f"{info.name}.{name}")
    missing = sorted(found - set(SERVICES) - set(NOBODYS))
    assert not missing, "\n".join(HELP.format(name=name) for name in missing)
    gone = sorted((set(SERVICES) | {name for name in NOBODYS if "." in name}) - found)
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
            assert name == "ingest.upload", name
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
    "membership": "its proposal: proposals.collaborators takes a proposal that was checked",
    "settings_change": "its proposal: configuring.history",
    "comment": "its file: comments.listing",
    "arrival": "nothing: what came of a path is told by the log",
    "user": "management, or the people of a proposal that was checked",
    "token": "its hash only, at a login",
    "login_failure": "a hash only, at a login",
    "mail": "nothing: it is sent",
    "partner": "everyone who is signed in: institutions, a list that staff keeps",
    "password_link": "a hash only, when a mailed link is followed",
}
"""Tables whose rows nobody lists by themselves: what leads to them."""


def test_every_table_says_how_its_rows_are_guarded() -> None:
    tables = {table._meta.table_name for table in models.TABLES}
    missing = sorted(tables - set(VISIBLE) - set(THROUGH))
    assert not missing, (
        f"{missing}: say in tests/api/test_service_roles.py which query of services.access lists "
        "its rows (VISIBLE), or through what they are reached (THROUGH)"
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
        Action.MANAGE: "staff superuser",
        Action.SEND_MAIL: "staff superuser",
        Action.MAKE_STAFF: "superuser",
    }

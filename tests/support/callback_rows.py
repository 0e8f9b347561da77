"""What every callback of the pages is asked in `test_callback_roles`: a row for each.

A row is named after the callback's first output and first input. It says what each input and state
holds, with a placeholder wherever a row of the database is meant: {file}, {product} (stale), {run}
(failed), {live_run}, {comment}, {proposal} (ids), {soar_id}, {email} (a collaborator's), {person}
(the PI), {session} (the PI's), {change} (of the settings). The test fills them with rows of another
proposal, in one
input or state at a time and in all at once.

* `shows`: staff, who may, sees something of the other proposal in the answer. Else the row proves
  nothing about reading.
* `acts`: staff changes something of the other proposal by it. Else the row proves nothing about
  writing. Callbacks that start runs need no queue for that.
* `manages`: the callback is for staff only: nobody else may be able to change anything by it.
* `trigger`: the input that has changed, when it is not the first.

`COMMON` has the inputs that carry no ids.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reduction.settings import form_fields


@dataclass(frozen=True)
class Row:
    values: Mapping[str, Any] = field(default_factory=dict)
    shows: bool = False
    acts: bool = False
    manages: bool = False
    trigger: str = ""


COMMON: dict[str, Any] = {
    "live-*.data": 1,
    "done.data": "done",
    "*.n_clicks": 1,
    "*.n_submit": 1,
    "url.search": "",
    "page-name.data": None,
    "shown.data": None,
    "header-open.data": True,
    "theme.data": "dark",
    "colormap.value": "Gray",
    "show-*.value": ["on"],
    "index-page.value": 1,
    "list-page.value": 1,
}


def at(path: str, search: str = "", **more: Any) -> dict[str, Any]:
    return {"url.pathname": path, "url.search": search, **more}


def command(name: str, **data: str) -> dict[str, Any]:
    return at("/data", **{"command.data": {"command": name, **data, "n": 1}})


SETTINGS = {
    f"settings-{name.replace('.', '-')}.value": one.default
    for name, one in form_fields.all_fields().items()
} | {"settings-extract-max_targets.value": 2}
STATE = {"settings-state.data": {"proposal": "{proposal}", "version": "{change}", "stored": {}}}
SHOWN = {"id": "{file}", "checksum": ""}
CHOSEN = {"search-grid.selectedRows": [{"id": "{file}"}]}
ROWS_ASKED = {"startRow": 0, "endRow": 50, "sortModel": []}

ABOUT = {
    "first_name": "A",
    "last_name": "B",
    "email": "mine@observatory.example",
    "partner": "",
    "staff": False,
}
PERSON = {f"account-{name}.value": value for name, value in ABOUT.items()}
NEW_USER = {f"newuser-{name}.value": value for name, value in ABOUT.items()} | {
    "newuser-email.value": "new@observatory.example"
}
OF_PROPOSAL = {
    "semester": "2022A",
    "soar_id": "MINE-1",
    "title": "",
    "abstract": "",
    "pi": "PI@observatory.example",
}
EDITED = {f"proposal-{name}.value": value for name, value in OF_PROPOSAL.items()}
REGISTERED = {f"newproposal-{name}.value": value for name, value in OF_PROPOSAL.items()} | {
    "newproposal-soar_id.value": "MINE-3"
}
TABLE = "soar_id,title,abstract,pi_email,pi_first,pi_last,semester\nMINE-2,,,a@b.example,,,\n"
CONTENTS = "data:text/csv;base64," + base64.b64encode(TABLE.encode()).decode()

ROWS: dict[str, tuple[Row, ...]] = {
    "page.children ← url.pathname": (
        Row(at("/")),
        Row(at("/data/{file}")),
        Row(at("/data/{file}/advanced")),
        Row(at("/search", "?proposal={soar_id}")),
        Row(at("/proposals")),
        Row(at("/proposals/{proposal}/settings"), shows=True),
        Row(at("/proposals/{proposal}/collaborators")),
        Row(at("/logs", "?proposal={soar_id}")),
        Row(at("/user")),
        Row(at("/night/2022-07-04")),
        Row(at("/management")),
        Row(at("/management/users/{person}"), shows=True),
        Row(at("/management/proposals/{proposal}"), shows=True),
        Row(at("/management/proposals/new", "?pi={person}"), shows=True),
        Row(at("/manual")),
        Row(at("/nowhere/{proposal}")),
    ),
    "home-list.children ← url.pathname": (Row(at("/"), shows=True), Row(at("/", "?q=a&page=2"))),
    "proposals-list.children ← url.pathname": (Row(at("/proposals"), shows=True),),
    "go.data ← list-text.value": (Row(at("/proposals") | {"list-text.value": "{soar_id}"}),),
    "go.data ← list-go.n_clicks": (Row(at("/proposals")),),
    "settings-master_flat-saturation_threshold-box.className ← "
    "settings-master_flat-saturation_threshold.value": (Row(SETTINGS | STATE),),
    "settings-master_flat-saturation_threshold-error.children ← settings.n_submit": (
        Row(SETTINGS | STATE, acts=True),
    ),
    "settings-master_flat-saturation_threshold.value ← settings-reset.n_clicks": (Row(STATE),),
    "settings-history.children ← url.pathname": (
        Row(at("/proposals/{proposal}/settings"), shows=True),
    ),
    "settings-again.children ← url.pathname": (Row(at("/proposals/{proposal}/settings")),),
    "settings-conflict.children ← done.data": (
        Row(
            SETTINGS
            | {"settings-state.data": {"proposal": "{proposal}", "version": 0, "stored": {}}},
            shows=True,
        ),
    ),
    "collab-list.children ← url.pathname": (
        Row(at("/proposals/{proposal}/collaborators"), shows=True),
    ),
    "collab-email-error.children ← collab.n_submit": (
        Row(
            {
                "url.pathname": "/proposals/{proposal}/collaborators",
                "collab-email.value": "late@observatory.example",
            },
            acts=True,
        ),
    ),
    "advanced-head.children ← url.pathname": (Row(at("/data/{file}/advanced"), shows=True),),
    "index-parts.data ← url.pathname": (
        Row(at("/data/{file}"), shows=True),
        Row(at("/data", "?proposal={soar_id}"), shows=True),
        Row(at("/data", "?list=calibrations")),
    ),
    "go.data ← index-go.n_clicks": (Row(at("/data", "?proposal={soar_id}")),),
    "view.className ← url.pathname": (
        Row(at("/data/{file}"), shows=True),
        Row(at("/data/{file}", **{"shown.data": SHOWN}), shows=True),
        Row(at("/data", "?proposal={soar_id}"), shows=True),
        Row(at("/data/{product}")),
    ),
    "header-table.children ← header-open.data": (Row({"shown.data": SHOWN}, shows=True),),
    "done.data ← command.data": (
        Row(command("run", block="reduce", file="{file}"), acts=True),
        Row(command("cancel", run="{live_run}"), acts=True),
        Row(command("retry", run="{run}"), acts=True),
        Row(command("remedy", entry="1", remedy="retry")),
        Row(command("accept", file="{file}")),
        Row(command("delete", file="{product}"), acts=True),
        Row(command("delete", file="{file}")),
        Row(command("delete-comment", comment="{comment}"), acts=True),
        Row(command("remove-collaborator", proposal="{proposal}", email="{email}"), acts=True),
        Row(command("restore-settings", proposal="{proposal}", change="0"), acts=True),
        Row(command("restore-settings", proposal="{proposal}", change="{change}")),
        Row(command("reduce-affected", proposal="{proposal}"), acts=True),
        Row(command("reduce-out-of-date", proposal="{proposal}"), acts=True),
        Row(
            command("set-account-active", account="{person}", active="off"), acts=True, manages=True
        ),
        Row(command("resend-invitation", account="{person}"), acts=True, manages=True),
        Row(command("remove-partner", partner="OTHER"), manages=True),
        Row(command("again", file="{product}"), acts=True),
        Row(command("end-session", session="{session}")),
        Row(command("renew-token")),
        Row(
            command(
                "use", block="reduce", file="{file}", role="master bias", calibration="{product}"
            )
        ),
    ),
    "done.data ← comment-add.n_clicks": (
        Row({"comment-text.value": "Clouds.", "shown.data": SHOWN}, acts=True),
    ),
    "why-parts.data ← shown.data": (
        Row({"shown.data": SHOWN}, shows=True),
        Row({"shown.data": {**SHOWN, "id": "{product}"}}),
    ),
    "view-run.children ← url.pathname": (Row(at("/data/{file}", "?run={run}"), shows=True),),
    "night-head.children ← url.pathname": (
        Row(at("/night/2022-07-04"), shows=True),
        Row(
            at(
                "/night/2022-07-04",
                **{
                    "live-night.data": {"ids": ["{file}"], "night": "2022-07-04"},
                },
            ),
            shows=True,
            trigger="live-night.data",
        ),
        Row(
            at("/night/2022-07-04", **{"live-night.data": {"ids": None, "night": None}}),
            shows=True,
            trigger="live-night.data",
        ),
    ),
    "night-work.children ← url.pathname": (Row(at("/night")),),
    "night-months-graph.figure ← url.pathname": (
        Row(at("/night/2022-07-04", **{"night-columns.data": 2})),
    ),
    "night-trends.figure ← url.pathname": (
        Row(at("/night/2022-07-04", **{"night-columns.data": 2})),
    ),
    "search-count.children ← url.pathname": (
        Row(at("/search", "?proposal={soar_id}"), shows=True),
        Row(at("/search", "?original_file_id={file}"), shows=True),
        Row(at("/search"), shows=True),
    ),
    "search-grid.getRowsResponse ← search-grid.getRowsRequest": (
        Row(
            {"search-grid.getRowsRequest": ROWS_ASKED, "url.search": "?proposal={soar_id}"},
            shows=True,
        ),
        Row({"search-grid.getRowsRequest": ROWS_ASKED, "url.search": ""}, shows=True),
    ),
    "search-actions.children ← search-grid.selectedRows": (Row(CHOSEN),),
    "done.data ← search-run.n_clicks": (Row(CHOSEN, acts=True),),
    "log-levels.children ← url.pathname": (
        Row(at("/logs", "?proposal={soar_id}"), shows=True),
        Row(at("/logs"), shows=True),
    ),
    "user-first_name-error.children ← user.n_submit": (
        Row(
            {
                "user-first_name.value": "Ada",
                "user-last_name.value": "Byron",
                "user-partner.value": "OTHER",
            }
        ),
    ),
    "visual-colormap-error.children ← visual.n_submit": (
        Row(
            {
                "visual-colormap.value": "Gray",
                "visual-theme.value": "dark",
                "visual-show_saturated.value": True,
                "visual-show_title.value": True,
                "visual-shown.data": {},
            }
        ),
    ),
    "accounts-count.children ← url.pathname": (
        Row(at("/management/users", "?q=secret"), shows=True, manages=True),
    ),
    "account-state.children ← url.pathname": (Row(at("/management/users/{person}"), manages=True),),
    "newuser-first_name-error.children ← newuser.n_submit": (
        Row(NEW_USER | {"newuser-username.value": "mine"}, acts=True, manages=True),
    ),
    "account-first_name-error.children ← account.n_submit": (
        Row(at("/management/users/{person}") | PERSON, acts=True, manages=True),
    ),
    "proposal-admin-count.children ← url.pathname": (
        Row(at("/management/proposals", "?q=secret"), shows=True, manages=True),
        Row(at("/management/proposals/waiting"), manages=True),
    ),
    "newproposal-pi-error.children ← newproposal.n_submit": (
        Row(REGISTERED, acts=True, manages=True),
    ),
    "proposal-pi-error.children ← proposal.n_submit": (
        Row(at("/management/proposals/{proposal}") | EDITED, acts=True, manages=True),
    ),
    "newproposal-soar_id.value ← newproposal-semester.value": (
        Row(
            {
                "newproposal-semester.value": "2022A",
                "newproposal-soar_id.value": "",
                "newproposal-offered.data": "",
            },
            manages=True,
        ),
    ),
    "newproposal-people.children ← newproposal-pi.value": (
        Row({"newproposal-pi.value": "secret"}, shows=True, manages=True),
    ),
    "proposal-people.children ← proposal-pi.value": (
        Row({"proposal-pi.value": "secret"}, shows=True, manages=True),
    ),
    "partners-list.children ← partners-shown.data": (
        Row({"partners-shown.data": 1}, manages=True),
    ),
    "partner-name-error.children ← partner.n_submit": (
        Row({"partner-name.value": "Mine"}, acts=True, manages=True),
    ),
    "rename-old-error.children ← rename.n_submit": (
        Row({"rename-old.value": "OTHER", "rename-name.value": "Mine"}, manages=True),
    ),
    "import-plan.children ← import-table.contents": (
        Row({"import-table.contents": CONTENTS, "import-table.filename": "x.csv"}, manages=True),
    ),
    "import-error.children ← import.n_submit": (
        Row({"import-table.contents": CONTENTS}, acts=True, manages=True),
    ),
    "password-old-error.children ← password.n_submit": (
        Row({f"password-{name}.value": "x" for name in ("old", "password", "confirmation")}),
    ),
    "user-sessions.children ← done.data": (Row(),),
}

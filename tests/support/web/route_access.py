"""Every route of the API: how it is asked, and the status that each role gets."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from db.models import Proposal
from tests.support.web_site import Site, add_file, add_run

# What a stranger (user), collaborator, PI, staff member and superuser get for the own proposal's
# file; anonymous gets 401 everywhere.
ALL_200 = (200, 200, 200, 200, 200)
MEMBERS = (404, 200, 200, 200, 200)
QUEUED = (404, 202, 202, 202, 202)
Request = Callable[[Site], tuple[str, dict[str, Any]]]


def fixed(path: str, **body: Any) -> Request:
    """Return a request that does not depend on the rows."""
    return lambda _: (path, body)


TABLE: dict[tuple[str, str], tuple[tuple[int, ...], Request]] = {
    ("GET", "/api/"): (ALL_200, fixed("/api/")),
    ("GET", "/api/users/me/"): (ALL_200, fixed("/api/users/me/")),
    ("GET", "/api/logs/"): (ALL_200, fixed("/api/logs/")),
    ("GET", "/api/events/"): (ALL_200, fixed("/api/events/")),
    ("GET", "/api/openapi.json"): (ALL_200, fixed("/api/openapi.json")),
    ("GET", "/api/docs/"): (ALL_200, fixed("/api/docs/")),
    ("GET", "/api/docs/<name>"): (ALL_200, fixed("/api/docs/docs.js")),
    ("GET", "/api/proposals/"): (ALL_200, fixed("/api/proposals/")),
    ("GET", "/api/proposals/<proposal>/"): (
        MEMBERS,
        lambda s: (f"/api/proposals/{s.own.id}/", {}),
    ),
    ("GET", "/api/files/"): (ALL_200, fixed("/api/files/")),
    ("POST", "/api/files/"): (
        (403, 403, 403, 422, 422),
        fixed("/api/files/", json={"full_path": "/etc/passwd"}),
    ),
    ("DELETE", "/api/files/"): (
        (404, 403, 200, 200, 200),
        lambda s: ("/api/files/", {"json": {"id": s.spectrum.id}}),
    ),
    ("GET", "/api/files/<key>/"): (MEMBERS, lambda s: (f"/api/files/{s.raw.id}/", {})),
    ("GET", "/api/slit-offsets/"): ((403, 403, 403, 200, 200), fixed("/api/slit-offsets/")),
    ("GET", "/api/throughput/"): (ALL_200, fixed("/api/throughput/")),
    ("GET", "/api/arrivals/"): ((403, 403, 403, 200, 200), fixed("/api/arrivals/")),
    ("POST", "/api/arrivals/retry/"): (
        (403, 403, 403, 404, 404),
        fixed("/api/arrivals/retry/", json={"id": 2**31 - 1}),
    ),
    ("POST", "/api/arrivals/accept/"): (
        (403, 403, 403, 404, 404),
        fixed("/api/arrivals/accept/", json={"id": 2**31 - 1}),
    ),
    ("POST", "/api/arrivals/admit/"): (
        (403, 403, 403, 404, 404),
        fixed("/api/arrivals/admit/", json={"id": 2**31 - 1}),
    ),
    ("GET", "/api/arrivals/cameras/"): (
        (403, 403, 403, 200, 200),
        fixed("/api/arrivals/cameras/"),
    ),
    ("POST", "/api/arrivals/cameras/decide/"): (
        (403, 403, 403, 404, 404),
        fixed("/api/arrivals/cameras/decide/", json={"file_id": 2**31 - 1, "camera": "Red"}),
    ),
    ("POST", "/api/arrivals/cameras/withdraw/"): (
        (403, 403, 403, 404, 404),
        fixed("/api/arrivals/cameras/withdraw/", json={"id": 2**31 - 1}),
    ),
    ("GET", "/api/files/download/"): (
        MEMBERS,
        lambda s: (f"/api/files/download/?id={s.raw.id}", {}),
    ),
    ("POST", "/api/files/download/"): (
        MEMBERS,
        lambda s: ("/api/files/download/", {"json": {"ids": [s.raw.id, s.raw.file_name]}}),
    ),
    ("GET", "/api/files/header/"): (MEMBERS, lambda s: (f"/api/files/header/?id={s.raw.id}", {})),
    ("GET", "/api/files/data/"): (MEMBERS, lambda s: (f"/api/files/data/?id={s.spectrum.id}", {})),
    ("GET", "/api/files/visualize/"): (
        MEMBERS,
        lambda s: (f"/api/files/visualize/?id={s.spectrum.id}", {}),
    ),
    ("GET", "/api/proposals/settings/<proposal>/"): (
        MEMBERS,
        lambda s: (f"/api/proposals/settings/{s.own.id}/", {}),
    ),
    ("PUT", "/api/proposals/settings/<proposal>/"): (
        (404, 403, 200, 200, 200),
        lambda s: (f"/api/proposals/settings/{s.own.id}/", {"json": {}}),
    ),
    ("GET", "/api/proposals/collaborators/<proposal>/"): (
        MEMBERS,
        lambda s: (f"/api/proposals/collaborators/{s.own.id}/", {}),
    ),
    ("POST", "/api/proposals/collaborators/<proposal>/"): (
        (404, 403, 200, 200, 200),
        lambda s: (
            f"/api/proposals/collaborators/{s.own.id}/",
            {"json": {"email": s.people["user"].email, "action": "add"}},
        ),
    ),
    ("POST", "/api/email/"): (
        (403, 403, 403, 202, 202),
        lambda s: (
            "/api/email/",
            {"json": {"proposal_id": s.own.id, "subject": "Clouds", "message": "We wait."}},
        ),
    ),
    ("POST", "/api/files/calibrations/"): (
        QUEUED,
        lambda s: ("/api/files/calibrations/", {"json": {"ids": [_bias(s)]}}),
    ),
    ("POST", "/api/files/reclassify/"): (
        MEMBERS,
        lambda s: ("/api/files/reclassify/", {"json": {"id": s.raw.id, "technique": "Imaging"}}),
    ),
    ("POST", "/api/files/accept/"): (
        (404, 403, 403, 200, 200),
        lambda s: ("/api/files/accept/", {"json": {"id": _uploaded_bias(s)}}),
    ),
    ("GET", "/api/files/comments/"): (
        MEMBERS,
        lambda s: (f"/api/files/comments/?id={s.raw.id}", {}),
    ),
    ("POST", "/api/files/comments/"): (
        (404, 201, 201, 201, 201),
        lambda s: ("/api/files/comments/", {"json": {"id": s.raw.id, "text": "seeing 0.8"}}),
    ),
    ("DELETE", "/api/files/comments/"): (
        (404, 403, 200, 200, 200),
        lambda s: ("/api/files/comments/", {"json": {"comment_id": _comment_of_pi(s)}}),
    ),
    ("POST", "/api/files/reduce/"): (
        QUEUED,
        lambda s: ("/api/files/reduce/", {"json": {"id": s.raw.id}}),
    ),
    ("POST", "/api/files/spectrum/extract/"): (
        QUEUED,
        lambda s: ("/api/files/spectrum/extract/", {"json": {"id": _product(s, 2)}}),
    ),
    ("POST", "/api/files/spectrum/subtract/sky/"): (
        QUEUED,
        lambda s: ("/api/files/spectrum/subtract/sky/", {"json": {"id": _product(s, 2)}}),
    ),
    ("POST", "/api/files/spectrum/calibrate/wavelength/"): (
        QUEUED,
        lambda s: ("/api/files/spectrum/calibrate/wavelength/", {"json": {"id": _product(s, 3)}}),
    ),
    ("POST", "/api/files/spectrum/calibrate/sensitivity/"): (
        QUEUED,
        lambda s: ("/api/files/spectrum/calibrate/sensitivity/", {"json": {"id": _product(s, 4)}}),
    ),
    ("POST", "/api/files/spectrum/calibrate/flux/"): (
        QUEUED,
        lambda s: ("/api/files/spectrum/calibrate/flux/", {"json": {"id": _product(s, 4)}}),
    ),
    ("GET", "/api/runs/"): (ALL_200, fixed("/api/runs/")),
    ("GET", "/api/runs/<run>/"): (MEMBERS, lambda s: (f"/api/runs/{s.run.id}/", {})),
    ("POST", "/api/runs/<run>/cancel/"): (
        MEMBERS,
        lambda s: (f"/api/runs/{add_run(s.raw, automatic=False).id}/cancel/", {}),
    ),
    ("POST", "/api/runs/<run>/retry/"): (
        MEMBERS,
        lambda s: (f"/api/runs/{add_run(s.raw, automatic=False, state='failed').id}/retry/", {}),
    ),
    # Last: the tokens of the table's callers die here.
    ("POST", "/api/users/me/token/"): (ALL_200, fixed("/api/users/me/token/")),
}


def _comment_of_pi(site: Site) -> int:
    from services.files import comments

    return int(comments.add(site.people["PI"], site.raw.id, "first light").id)


def _bias(site: Site) -> int:
    name = f"bias_{secrets.token_hex(4)}.fits"
    series = f"bias {name}"
    file = add_file(site.config, name, site.own, kind="bias", obstype="BIAS", series=series)
    site.own.settings = {"master_bias": {"minimum": 1}}
    site.own.save()
    return int(file.id)


def _uploaded_bias(site: Site) -> int:
    if not isinstance(site.own, Proposal):  # rows that never were
        return int(site.raw.id)
    name = f"bias_{secrets.token_hex(4)}.fits"
    series = f"bias|2022-07-04|{name}"
    facts = {"kind": "bias", "obstype": "BIAS", "series": series, "origin": "uploaded"}
    return int(add_file(site.config, name, site.own, **facts).id)


def _product(site: Site, data_type: int) -> int:
    name = f"product_{data_type}_{secrets.token_hex(4)}.fits"
    facts = {"data_type": data_type, "original": site.raw, "parent": site.raw}
    return int(add_file(site.config, name, site.own, **facts).id)

"""The names under which the site answers: a page of another name would act with people's rights.

The owner of any name can let it point to this machine (DNS rebinding), and a cache or a mail could
carry a forged name on. Links and redirects come from ``GSP_BASE_URL`` or name no host at all.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit, urlunsplit

from flask import Response, current_app, request

from api.contract import errors
from config import Config

HEALTH = "/healthz"
REFUSED = (
    "This site has another name: {base}. Its operator can add names with GSP_BASE_URL or "
    "GSP_ALLOWED_HOSTS."
)


def allowed_names(config: Config) -> frozenset[str]:
    """Return the names of a deployment, besides addresses in numbers."""
    named = urlsplit(config.base_url).hostname or ""
    return frozenset({"localhost", named, config.host.lower(), *config.allowed_hosts})


def refuse_unknown() -> Response | None:
    """Refuse a request to a name that is not one of this site; probes may use any name."""
    host = request.environ.get("HTTP_HOST")
    if host is None or request.path == HEALTH:
        return None
    name = hostname(host)
    if name in current_app.config["ALLOWED_NAMES"] or _is_number(name):
        return None
    message = REFUSED.format(base=current_app.config["BASE_URL"])
    return errors.answer(400, "invalid_request", message, field="Host")


def name_none(response: Response) -> Response:
    """Turn the redirects of the routing, which repeat the host of the request, into paths."""
    target = urlsplit(response.headers.get("Location", ""))
    if target.netloc and target.netloc == request.host:
        path = "/" + target.path.lstrip("/")
        response.headers["Location"] = urlunsplit(("", "", path, target.query, target.fragment))
        response.set_data("Redirecting.")
    return response


def hostname(host: str) -> str:
    """Return the name in a ``Host`` header, without port, in lower case; "" if there is none."""
    try:
        parts = urlsplit(f"//{host}")
        return (parts.hostname or "").rstrip(".") if parts.netloc == host else ""
    except ValueError:
        return ""


def _is_number(name: str) -> bool:
    """Return whether a host is an address in numbers, which no name can be made to point to."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True

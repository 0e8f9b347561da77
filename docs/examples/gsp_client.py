"""A small client of GSP Live: list, upload, reduce and wait, download, collaborators.

Needs nothing but Python. From a script::

    from gsp_client import Client

    gsp = Client("http://127.0.0.1:8050", "your key")
    for file in gsp.files(data_type="4", object="HZ 44"):
        gsp.download(file["id"], file["file_name"])

Or from a shell, with the key in the environment variable ``GSP_KEY``::

    python gsp_client.py http://127.0.0.1:8050 list data_type=4
    python gsp_client.py http://127.0.0.1:8050 upload 0042_HZ44.fits
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

ENDED = ("done", "failed", "cancelled")
BUSY = (429, 503)


class Failed(Exception):
    """The server refused; `code`, `message` and `field` are its words."""

    def __init__(self, status: int, error: dict[str, Any]) -> None:
        super().__init__(f"{status}: {error['message']}")
        self.status, self.code, self.message = status, error["code"], error["message"]
        self.field = error.get("field")


class Client:
    """One site, one key."""

    def __init__(self, site: str, key: str) -> None:
        self.base, self.key = f"{site.rstrip('/')}/api/", key

    def open(self, method: str, path: str, data: bytes | None = None, kind: str = "") -> Any:
        """Ask; wait and ask again while the server is busy. The answer is an open response."""
        headers = {"Authorization": f"Token {self.key}"}
        if data is not None:
            headers["Content-Type"] = kind
        for patience in range(6):
            request = Request(f"{self.base}{path}", data, headers, method=method)
            try:
                return urlopen(request, timeout=120)
            except HTTPError as error:
                if error.code not in BUSY or patience == 5:
                    raise Failed(error.code, json.load(error)["error"]) from None
                time.sleep(float(error.headers["Retry-After"]))
        raise AssertionError("unreachable")

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send JSON, return JSON."""
        data = None if body is None else json.dumps(body).encode()
        with self.open(method, path, data, "application/json") as answer:
            return json.load(answer)

    def files(self, **filters: Any) -> Iterator[dict[str, Any]]:
        """Yield every file that fits, page by page."""
        page: int | None = 1
        while page is not None:
            query = urlencode({"page_size": 200, **filters, "page": page})
            answer = self.ask("GET", f"files/?{query}")
            yield from answer["results"]
            page = page + 1 if answer["next"] else None

    def upload(self, path: str | Path) -> dict[str, Any]:
        """Send a frame; one that is known already is the same file again."""
        path, mark = Path(path), secrets.token_hex(16)
        name = f'Content-Disposition: form-data; name="file"; filename="{path.name}"'
        head = f"--{mark}\r\n{name}\r\nContent-Type: application/fits\r\n\r\n"
        data = head.encode() + path.read_bytes() + f"\r\n--{mark}--\r\n".encode()
        kind = f"multipart/form-data; boundary={mark}"
        with self.open("POST", "files/", data, kind) as answer:
            return dict(json.load(answer))

    def process(self, step: str, file: int | str, **settings: Any) -> dict[str, Any]:
        """Start ``reduce``, ``spectrum/extract`` or ``spectrum/calibrate/wavelength``; wait."""
        run = self.ask("POST", f"files/{step}/", {"id": file, "settings": settings})
        return self.wait(run["id"])

    def wait(self, run_id: int, seconds: float = 300) -> dict[str, Any]:
        """Wait for the end of a run; return it, done or not."""
        end = time.monotonic() + seconds
        while True:
            run = dict(self.ask("GET", f"runs/{run_id}/"))
            if run["state"] in ENDED or time.monotonic() > end:
                return run
            time.sleep(0.5)

    def spectrum(self, file: int | str) -> str:
        """Return the numbers of a spectrum as CSV text."""
        with self.open("GET", f"files/data/?{urlencode({'id': file, 'format': 'csv'})}") as answer:
            return str(answer.read().decode())

    def download(self, file: int | str, to: str | Path) -> None:
        """Write a FITS file to the disk."""
        query = urlencode({"id": file})
        with self.open("GET", f"files/download/?{query}") as answer, Path(to).open("wb") as target:
            shutil.copyfileobj(answer, target)

    def delete(self, file: int | str) -> list[str]:
        """Delete a product; return the names of all that is gone."""
        return list(self.ask("DELETE", "files/", {"id": file})["deleted"])

    def collaborator(self, proposal: int, email: str, action: str = "add") -> dict[str, Any]:
        """Add somebody to a proposal (or ``"remove"``); return the proposal."""
        body = {"email": email, "action": action}
        return dict(self.ask("POST", f"proposals/collaborators/{proposal}/", body))


def main(arguments: list[str]) -> int:
    """Run the small command line."""
    if len(arguments) < 2 or arguments[1] not in ("list", "upload") or "GSP_KEY" not in os.environ:
        print(__doc__)  # noqa: T201
        return 2
    site, command, *rest = arguments
    client = Client(site, os.environ["GSP_KEY"])
    if command == "upload":
        found: Any = (client.upload(path) for path in rest)
    else:
        found = client.files(**dict(part.split("=", 1) for part in rest))
    for file in found:
        print(file["id"], file["type"], file["file_name"], file["object"])  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

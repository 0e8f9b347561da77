"""Add rows to a running deployment: ``python -m tests.support.browser.live_rows``.

The rows, an account or a proposal, are JSON on standard input; the environment names the
deployment. The commands of ``flask`` do the same but import the whole application, which takes ten
times as long.
"""

from __future__ import annotations

import json
import sys

import db
from config import Config
from db import database
from services.accounts import accounts


def main() -> None:
    rows = json.load(sys.stdin)
    db.connect(Config.from_env().database_url)
    with database.connection_context():
        if "person" in rows:
            accounts.create_user(**rows["person"])
        if "proposal" in rows:
            from services.proposals import proposals  # it imports much

            pi = accounts.find(rows["proposal"].pop("pi"))
            proposals.create(None, pi=pi, **rows["proposal"])


if __name__ == "__main__":
    main()

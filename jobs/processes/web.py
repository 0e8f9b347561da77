"""The web server's program: ``python -m jobs.processes.web DESCRIPTOR``.

The supervisor has opened the socket; clients that come before everything is imported wait in it.
"""

from __future__ import annotations

import gc
import os
import sys
import threading

from jobs.processes import heartbeat
from jobs.processes import log as process_log
from jobs.processes.parent_death import die_with_supervisor
from jobs.serving.server import Server, inherited


def main(arguments: list[str]) -> int:
    """Serve the site on the socket with this descriptor until asked to stop."""
    die_with_supervisor()
    heartbeat.keep_beating()
    listening = inherited(int(arguments[0]))
    import app  # noqa: PLC0415 - the whole site

    front = app.create_front()
    process_log.to_stderr("web")
    server = Server(front.application, front.examine, front.folder, proxies=front.proxies)
    _settle()
    if not server.run(listening):
        # A thread that still works would keep the process: nobody waits for its answer any more.
        sys.stderr.flush()
        os._exit(0)
    return 0


def _settle() -> None:
    """Bring a large archive's catalogue into memory while the first pages are served.

    What was imported is never freed: the garbage collector need not examine it, which would delay
    requests.
    """
    gc.collect()
    gc.freeze()
    from services.search import catalogue  # noqa: PLC0415 - imported with the site

    threading.Thread(target=catalogue.warm, name="catalogue", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The program of the inspectors: ``python -m services.files.arrivals.inspector_program FD``.

It waits for connections on the socket ``FD`` and forks an inspector for each. The socket is that of
the process which started it: when that ends, so does this.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from reduction.errors import ReductionError
from reduction.fits.derivation.completion import NOTHING, Given
from services.files.arrivals import inspection
from services.files.arrivals.inspector import ADAPTER
from services.files.file_integrity import IncompleteFile
from services.memory_limit import limit_memory

MEMORY_BYTES = 512 << 20
"""Address space beyond the libraries that are mapped anyway."""
CPU_S, BYTES_PER_CPU_S = 10, 16 << 20
"""Processor time: for any file, and for its size."""


def main() -> int:
    """Fork an inspector for each connection that is sent, until the sender ends."""
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended inspectors are not waited for
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            return 0
        for descriptor in descriptors:
            if os.fork() == 0:
                control.close()
                try:
                    serve(socket.socket(fileno=descriptor))
                finally:
                    os._exit(0)
            os.close(descriptor)


def serve(connection: socket.socket) -> None:
    """Answer requests until the connection is closed."""
    for kind in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(kind, (0, 0))
    limit_memory(MEMORY_BYTES)
    with connection.makefile("rb") as requests:
        for line in requests:
            request = json.loads(line)
            answer = answer_of(
                Path(request["path"]), float(request["seconds"]), dict(request["given"])
            )
            connection.sendall(json.dumps(answer).encode("ascii") + b"\n")


def answer_of(path: Path, seconds: float, given: Given = NOTHING) -> dict[str, Any]:
    """Examine a file. At a limit of time the kernel ends this process."""
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    try:
        size = path.stat().st_size
        allowed = int(used + CPU_S + size / BYTES_PER_CPU_S) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.RLIM_INFINITY))
        signal.setitimer(signal.ITIMER_REAL, seconds)
        found = inspection.inspect(path, given)
    except MemoryError:
        return {"limit": "memory"}
    except IncompleteFile as error:
        return {"incomplete": error.message}
    except ReductionError as error:
        return {"refused": error.notice.to_json()}
    except OSError as error:
        return {"errno": error.errno or 0}
    except Exception as error:  # noqa: BLE001 - whatever a file does to the parsers
        return {"unexpected": type(error).__name__}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return {"inspection": ADAPTER.dump_python(found, mode="json")}


if __name__ == "__main__":
    sys.exit(main())

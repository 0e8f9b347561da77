"""A Valkey as the supervisor runs it, with a deployment that uses it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis.exceptions import RedisError

from config import Config
from jobs.connection import open_redis
from jobs.processes import valkey


@contextmanager
def running_valkey() -> Iterator[Config]:
    """Run a Valkey; yield its deployment, whose path is short: a socket's name lies in it."""
    home = Path(tempfile.mkdtemp(prefix="gsp-"))
    found = Config.from_env({"GSP_HOME": str(home)})
    found.queue_dir.mkdir(mode=0o700)
    server = subprocess.Popen(valkey.command(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert server.stdin is not None
    server.stdin.write(valkey.configuration(found))
    server.stdin.close()
    end = time.monotonic() + 10
    redis = open_redis(found.redis_connection_url())
    while time.monotonic() < end:
        try:
            redis.ping()
            break
        except RedisError:
            time.sleep(0.02)
    try:
        yield found
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(10)
        shutil.rmtree(home)

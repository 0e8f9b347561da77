"""Request limits hold for all web processes together, and nobody waits for Redis."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

import db
from api.contract import limits
from config import Config
from jobs import wiring
from jobs.connection import open_counters, open_redis
from services import context, shared_buckets
from services.accounts import accounts
from services.context import Context
from services.errors import TooManyAttempts
from tests.support.paths import ROOT
from tests.support.web.valkey_server import running_valkey

SERVER = """
import app
from db.models import User
from services.accounts import sessions

server = app.create_app()
client = server.test_client()
with client.session_transaction() as session:
    session["_user_id"] = sessions.start(User.get())
    session.permanent = True
client.get("/api/users/me/")
headers = {"X-CSRFToken": client.get_cookie("_csrf_token").value}
print("ready", flush=True)
input()
for _ in range(10):
    print(client.post("/api/users/me/token/", headers=headers).status_code, flush=True)
"""


@pytest.fixture(scope="module")
def config() -> Iterator[Config]:
    with running_valkey() as found:
        yield found


@pytest.fixture(autouse=True)
def fresh_buckets() -> Iterator[None]:
    bound = context.current()
    limits.buckets.clear()
    shared_buckets.retry()
    yield
    context.bind(bound)
    limits.buckets.clear()
    shared_buckets.retry()


def test_two_web_processes_share_the_limits(config: Config) -> None:
    wiring.connect(config)
    db.migrate()
    with db.database.connection_context():
        accounts.create_user(username="ada", email="ada@soar.example")
    environment = {**os.environ, "GSP_HOME": str(config.home), "GSP_DEMO": "off"}
    command = [sys.executable, "-c", SERVER]
    servers = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            # Both use the Valkey that runs.
            env={**environment, "GSP_REDIS_URL": config.redis_connection_url()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for server in servers:
        assert server.stdout is not None and server.stdout.readline() == "ready\n"
    said = "".join(server.communicate("go\n", timeout=60)[0] for server in servers).split()
    assert len(said) == 20 and set(said) == {"200", "429"}
    # One more is allowed every six seconds.
    assert limits.LIMITS["rare"] <= said.count("200") <= limits.LIMITS["rare"] + 3


def test_a_bucket_is_refilled_by_the_clock_of_redis(config: Config) -> None:
    url = config.redis_connection_url()
    context.bind(Context(counters=open_counters(url)))
    open_redis(url).flushall()
    assert [shared_buckets.take("x", 3, 20.0) for _ in range(3)] == [0.0] * 3
    wait = shared_buckets.take("x", 3, 20.0)
    assert wait is not None and 0 < wait <= 0.05
    time.sleep(0.06)
    assert shared_buckets.take("x", 3, 20.0) == 0
    (key,) = open_redis(url).keys("gsp:bucket:*")
    assert 0 < open_redis(url).ttl(key) <= 2  # nothing is left of who has gone


def test_a_redis_that_hangs_delays_nobody_and_the_limit_still_holds(config: Config) -> None:
    redis = open_redis(config.redis_connection_url())
    redis.flushall()
    number = int(redis.info("server")["process_id"])
    context.bind(Context(counters=open_counters(config.redis_connection_url())))
    limits.count(1, "rare")
    os.kill(number, signal.SIGSTOP)
    try:
        longest, refused = 0.0, 0
        for _ in range(30):
            start = time.monotonic()
            try:
                limits.count(2, "rare")
            except TooManyAttempts:
                refused += 1
            longest = max(longest, time.monotonic() - start)
    finally:
        os.kill(number, signal.SIGCONT)
    assert refused == 30 - limits.LIMITS["rare"]
    assert longest < 2  # the client gives up after 0.3 s; the rest is for a busy machine
    shared_buckets.retry()
    assert shared_buckets.take("rare:3", 10, 1.0) == 0

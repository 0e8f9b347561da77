"""The queue against the real Valkey that the supervisor runs."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, ConnectionError
from rq import Queue
from rq.job import JobStatus
from rq.serializers import DefaultSerializer, JSONSerializer

from config import Config
from jobs import queue
from jobs.connection import open_redis
from jobs.processes.worker import ReductionWorker
from services import context
from services.context import Context
from services.errors import Unavailable
from tests.support.web.valkey_server import running_valkey


@pytest.fixture(scope="module")
def config() -> Iterator[Config]:
    """A deployment whose Valkey runs; its path is short, a socket's name lies in it."""
    with running_valkey() as found:
        yield found


@pytest.fixture
def redis(config: Config) -> Iterator[Redis]:
    client = open_redis(config.redis_connection_url())
    client.flushall()
    context.bind(Context(redis=client))
    yield client
    context.bind(Context())


def job_ids(redis: Redis) -> list[str]:
    return [
        job_id.decode().rsplit("-", 1)[0] for job_id in redis.lrange("rq:queue:reduction", 0, -1)
    ]


def test_only_this_account_and_only_with_the_password(config: Config) -> None:
    assert config.redis_socket.stat().st_mode & 0o077 == 0
    with pytest.raises(AuthenticationError):
        Redis(unix_socket_path=str(config.redis_socket)).ping()


def test_tickets_go_before_previews_unless_somebody_waits(redis: Redis) -> None:
    queue.preview(1)
    queue.ticket(1)
    queue.preview(2)
    queue.ticket(2)
    queue.preview(3, urgent=True)
    assert job_ids(redis) == ["preview-3", "run-2", "run-1", "preview-1", "preview-2"]
    assert (queue.depth(), queue.tickets()) == (5, 2)


def test_a_preview_is_not_queued_at_every_look(redis: Redis) -> None:
    for _ in range(5):
        queue.preview(7, urgent=True)
    assert job_ids(redis) == ["preview-7"]


def test_only_missing_tickets_are_written_again(redis: Redis) -> None:
    queue.ticket(1)
    assert queue.top_up([1, 2, 3]) == 2
    assert queue.tickets() == 3
    assert queue.top_up([1, 2, 3]) == 0
    redis.flushall()
    assert queue.top_up([1, 2, 3]) == 3


def test_workers_are_those_that_report(redis: Redis) -> None:
    assert queue.state() == (0, 0)
    redis.set(f"{queue.POOL_KEYS}one:1", 2)
    redis.set(f"{queue.POOL_KEYS}two:9", 3)
    assert queue.workers_alive() == 5


def test_a_queue_that_is_down_is_a_sentence_at_once(tmp_path: Path) -> None:
    context.bind(Context(redis=open_redis(f"unix://{tmp_path / 'no.sock'}")))
    began = time.monotonic()
    with pytest.raises(Unavailable, match="The queue is down"):
        queue.preview(1)
    with pytest.raises(ConnectionError):
        queue.ticket(1)
    assert time.monotonic() - began < 5
    context.bind(Context())


@pytest.mark.parametrize(
    ("task", "arguments", "keywords"),
    [
        ("os.mkdir", ["PATH"], {}),
        ("shutil.copytree", ["/etc", "PATH"], {}),
        (queue.WORK, ["1"], {}),
        (queue.WORK, [1, 2], {}),
        (queue.WORK, [True], {}),
        (queue.WORK, [1], {"run_id": 2}),
    ],
)
def test_a_worker_does_nothing_that_is_not_ours(
    redis: Redis, tmp_path: Path, task: str, arguments: list[object], keywords: dict[str, object]
) -> None:
    mark = tmp_path / "done by a foreign job"
    arguments = [str(mark) if value == "PATH" else value for value in arguments]
    foreign = Queue(queue.QUEUE, connection=redis, serializer=JSONSerializer)
    job = foreign.enqueue_call(task, args=arguments, kwargs=keywords)
    work_off(redis)
    assert job.get_status() == JobStatus.FAILED
    assert not mark.exists()


def test_a_worker_calls_no_callback_and_unpickles_nothing(redis: Redis, tmp_path: Path) -> None:
    mark = tmp_path / "done by a foreign job"
    foreign = Queue(queue.QUEUE, connection=redis, serializer=JSONSerializer)
    job = foreign.enqueue_call("no.such.task", args=[1])
    redis.hset(job.key, "failure_callback_name", "os.mkdir")
    pickled = Queue(queue.QUEUE, connection=redis, serializer=DefaultSerializer)
    pickled.enqueue_call(os.mkdir, args=(str(mark),))
    work_off(redis)
    assert queue.depth() == 0
    assert not mark.exists()
    assert queue.Ticket.fetch(job.id, redis, JSONSerializer).failure_callback is None


def work_off(redis: Redis) -> None:
    """Let a worker, as the pool makes it, do what is in the queue."""
    worker = ReductionWorker(
        [queue.queue_of(redis)],
        connection=redis,
        job_class=queue.Ticket,
        serializer=JSONSerializer,
    )
    worker.work(burst=True, logging_level="CRITICAL")

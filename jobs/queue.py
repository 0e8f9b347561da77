"""Tickets: jobs of the queue that announce only that a run is due, or that a preview is wanted.

The runs table holds the work. The worker that takes a ticket executes the best run that is due by
then, not necessarily the one that the ticket was written for (ADR 1). A backlog therefore never
delays the newest frame, a surplus ticket is harmless, and the reconciler replaces a lost one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import cast

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from jobs import tasks
from services import context
from services.errors import Unavailable
from services.monitoring.health import QueueState

QUEUE = "reduction"
POOL_KEYS = "gsp:pool:"
"""Each worker pool keeps ``gsp:pool:<host>:<pid>`` alive with the number of its workers."""

JOB_TIMEOUT_S = 900
FAILED_JOB_TTL_S = 3600
PREVIEW_QUIET_S = 5
"""A preview asked for again within this time is not queued twice."""

WORK = "jobs.tasks.work"
PREVIEW = "jobs.tasks.make_preview"
PREPARE = "jobs.tasks.prepare_preview"


class RefusedJob(Exception):
    """A job in the queue is not one of the tasks of this program."""


class Ticket(Job):
    """A job that can only be one of the tasks of `jobs.tasks`, with one number.

    Otherwise a client that can write to the queue could name any function or callback of any
    module for the worker to call.
    """

    @property
    def func(self) -> Callable[[int], None]:
        """The task; nothing but those of `jobs.tasks` is ever imported."""
        allowed = {
            WORK: tasks.work,
            PREVIEW: tasks.make_preview,
            PREPARE: tasks.prepare_preview,
        }
        numbers = isinstance(self.args, list | tuple) and [type(a) for a in self.args] == [int]
        if self.func_name not in allowed or self.instance or self.kwargs or not numbers:
            raise RefusedJob("the queue holds a job that is not a task of GSP Live")
        return allowed[self.func_name]

    def restore(self, raw_data: Mapping[bytes, bytes]) -> None:
        """Read the job, without its callbacks, webhooks and repetitions."""
        super().restore(raw_data)
        self._success_callback_name = None
        self._failure_callback_name = None
        self._stopped_callback_name = None
        self.webhooks.clear()
        self.repeats_left = None
        self.retries_left = None


def queue_of(redis: Redis) -> Queue:
    """Return the queue, as writers and workers see it."""
    return Queue(
        QUEUE,
        connection=redis,
        job_class=Ticket,
        serializer=JSONSerializer,
        default_timeout=JOB_TIMEOUT_S,
    )


def client() -> Redis:
    """Return the client of this process.

    Raises
    ------
    RuntimeError
        The context of this process has none.
    """
    redis = context.current().redis
    if redis is None:
        raise RuntimeError("the context of this process has no queue")
    return redis


def ticket(run_id: int) -> None:
    """Announce that a run is due. Tickets go before previews that are only prepared.

    Raises
    ------
    redis.RedisError
        When the queue is down; the reconciler writes the ticket later.
    """
    _enqueue(WORK, run_id, at_front=True)


def preview(file_id: int, *, urgent: bool = False) -> None:
    """Have the image pyramid of a file made; `urgent` when a person waits for it.

    Raises
    ------
    Unavailable
        When the queue is down.
    """
    try:
        mark = f"gsp:preview:{file_id}:{int(urgent)}"
        if client().set(mark, 1, nx=True, ex=PREVIEW_QUIET_S):
            _enqueue(PREVIEW if urgent else PREPARE, file_id, at_front=urgent)
    except RedisError as error:
        raise Unavailable("The queue is down; try again shortly.", retry_after=5) from error


def top_up(run_ids: list[int]) -> int:
    """Write the tickets that are missing for the runs that are due; return how many."""
    missing = run_ids[: max(0, len(run_ids) - tickets())]
    for run_id in missing:
        ticket(run_id)
    return len(missing)


def tickets() -> int:
    """Return how many tickets for runs are in the queue (previews are not counted)."""
    ids = cast("list[bytes]", client().lrange(queue_of(client()).key, 0, -1))
    return sum(job_id.startswith(b"run-") for job_id in ids)


def depth() -> int:
    """Return how many jobs wait in the queue."""
    return int(client().llen(queue_of(client()).key))


def workers_alive() -> int:
    """Return how many workers the pools of all machines have reported recently."""
    keys = list(client().scan_iter(match=f"{POOL_KEYS}*", count=1000))
    return sum(int(value) for value in client().mget(keys) if value) if keys else 0


def state() -> QueueState:
    """Return what ``/healthz`` reports about the queue."""
    return QueueState(depth(), workers_alive())


def _enqueue(task: str, number: int, *, at_front: bool) -> None:
    kind = "run" if task == WORK else "preview"
    queue = queue_of(client())
    job = Ticket.create(
        task,
        args=(number,),
        id=f"{kind}-{number}-{secrets.token_hex(4)}",
        connection=queue.connection,
        serializer=JSONSerializer,
        result_ttl=0,
        failure_ttl=FAILED_JOB_TTL_S,
        timeout=JOB_TIMEOUT_S,
        origin=QUEUE,
        description=f"{kind} {number}",
    )
    queue.enqueue_job(job, at_front=at_front)

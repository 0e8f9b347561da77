"""A pool of workers on this machine: ``python -m jobs.processes.worker``, or ``flask worker``.

The science stack is imported once, here; each worker is a fork, and each job a fork of that, so
that a job starts within 10 ms and a job that crashes takes nothing with it.
"""

from __future__ import annotations

import importlib
import logging
import os
import signal
import socket
import sys
import threading
import time
from types import FrameType

from redis import Redis
from redis.exceptions import RedisError
from rq import Worker
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer

from config import Config, ConfigError
from db import database
from jobs import queue, wiring
from jobs.connection import open_redis
from jobs.processes import heartbeat
from jobs.processes import log as process_log
from jobs.processes.heartbeat import Observer, Slots
from jobs.processes.parent_death import die_with, die_with_supervisor
from services.memory_limit import limit_memory

log = logging.getLogger(__name__)

SCIENCE = (
    "astropy.io.fits",
    "ccdproc",
    "scipy.optimize",
    "scipy.interpolate",
    "scipy.ndimage",
    "scipy.signal",
    "cv2",
)
JOB_MEMORY_BYTES = 2 * 1024**3
"""Address space of a job beyond the libraries that are mapped anyway."""
GRACE_S = 2.5
"""Seconds that running jobs have to finish after a request to stop; others are done again."""
REPORT_S = 2.0
MAX_PAUSE_S = 10.0


class ReductionWorker(Worker):
    """An RQ worker whose jobs end with it, have a limit of memory, and give signs of life.

    A job's slot of `heartbeats` is the one after the worker's own; without slots there are no
    signs.
    """

    max_connection_wait_time = 2.0
    heartbeats: Slots | None = None
    slot = 0

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run one job in a process of its own, and wait for it."""
        try:
            super().execute_job(job, queue)
        finally:
            if self.heartbeats is not None:
                self.heartbeats.clear(self.slot + 1)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """Run one job in its own process."""
        die_with(self.pid)
        if self.heartbeats is not None:
            heartbeat.beat_in_thread(self.heartbeats, self.slot + 1)
        limit_memory(JOB_MEMORY_BYTES)
        super().main_work_horse(job, queue)


class Pool:
    """Keep `n_workers` workers running until asked to stop."""

    def __init__(self, config: Config, n_workers: int) -> None:
        self.redis_url = config.redis_connection_url()
        self.n_workers = n_workers
        self.key = f"{queue.POOL_KEYS}{socket.gethostname()}:{os.getpid()}"
        self.started: dict[int, float] = {}
        self.heartbeats = Slots(2 * n_workers)
        self.slots: dict[int, int] = {}
        self.observer = Observer()
        self.has_queue = True
        self.failures = process_log.Repeated(log)
        self.pause = 0.0
        self.not_before = 0.0
        self.stop = threading.Event()

    def run(self) -> None:
        """Start the workers, replace those that die, and stop them all at the end."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        redis = open_redis(self.redis_url)
        reported = 0.0
        own = heartbeat.own()
        while not self.stop.wait(0.1):
            if own is not None:
                own[0].beat(own[1])
            self._reap()
            self._kill_hung()
            if time.monotonic() >= self.not_before and self.has_queue:
                for _ in range(self.n_workers - len(self.started)):
                    self._start()
            if time.monotonic() - reported > REPORT_S:
                self._report(redis)
                reported = time.monotonic()
        self._stop_workers()
        try:
            redis.delete(self.key)
        except RedisError:
            log.debug("the queue stopped before the workers")

    def _start(self) -> None:
        parent = os.getpid()
        slot = next(n for n in range(0, 2 * self.n_workers, 2) if n not in self.slots.values())
        for number in (slot, slot + 1):
            self.heartbeats.clear(number)
        pid = os.fork()
        if pid == 0:
            try:
                die_with(parent)
                heartbeat.beat_in_thread(self.heartbeats, slot)
                _work(self.redis_url, self.heartbeats, slot)
            except RedisError as error:
                log.warning("a worker ends, since the queue does not answer: %s", error)
            except Exception:
                log.exception("a worker could not start")
            finally:
                os._exit(0)
        self.started[pid], self.slots[pid] = time.monotonic(), slot

    def _kill_hung(self) -> None:
        """Kill a worker without signs of life of itself or of its job, which ends with it.

        Its run is queued again when the run's own heartbeat is too old.
        """
        self.observer.look()
        for pid, slot in self.slots.items():
            ages = [self.heartbeats.age(number) for number in (slot, slot + 1)]
            if any(self.observer.is_hung(age) for age in ages):
                log.warning("worker %d gives no sign of life and is killed", pid)
                os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        """Remove the workers that ended; pause before they are replaced if they end at once."""
        for pid, started in list(self.started.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            del self.started[pid], self.slots[pid]
            log.warning("worker %d ended (status %d) and is replaced", pid, status)
            brief = time.monotonic() - started < MAX_PAUSE_S
            self.pause = min(MAX_PAUSE_S, max(0.2, 2 * self.pause)) if brief else 0.0
            self.not_before = time.monotonic() + self.pause

    def _report(self, redis: Redis) -> None:
        try:
            redis.set(self.key, len(self.started), ex=int(5 * REPORT_S))
        except RedisError as error:
            self.has_queue = False  # a worker would end at once
            self.failures.warn(f"the queue does not answer: {error}")
        else:
            self.has_queue = True
            self.failures.over()

    def _stop(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.stop.set()

    def _stop_workers(self) -> None:
        deadline = time.monotonic() + GRACE_S
        for sign in (signal.SIGTERM, signal.SIGKILL):
            for pid in self.started:
                os.kill(pid, sign)
            while self.started and (sign == signal.SIGKILL or time.monotonic() < deadline):
                for pid in list(self.started):
                    if os.waitpid(pid, os.WNOHANG)[0]:
                        del self.started[pid]
                time.sleep(0.02)


def _work(redis_url: str, heartbeats: Slots, slot: int) -> None:
    """Run one worker until it gets SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    redis = open_redis(redis_url)
    worker = ReductionWorker(
        [queue.queue_of(redis)],
        connection=redis,
        job_class=queue.Ticket,
        serializer=JSONSerializer,
        worker_ttl=30,
        job_monitoring_interval=5,
        maintenance_interval=60,
        log_job_description=False,
    )
    worker.heartbeats, worker.slot = heartbeats, slot
    worker.work(logging_level="WARNING")


def run_pool(config: Config, n_workers: int | None = None) -> None:
    """Import the science stack and keep the workers of this machine running until SIGTERM."""
    # The workers share the cores; more threads in each would only compete.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    for module in SCIENCE:
        importlib.import_module(module)
    importlib.import_module("reduction.registry").all_blocks()
    importlib.import_module("reduction.lines.lamps").library()  # else every job reads it again
    importlib.import_module("cv2").setNumThreads(1)
    wiring.connect(config)
    if not database.is_closed():
        database.close()  # a connection must not be shared across a fork
    Pool(config, n_workers or config.workers).run()


def main() -> int:
    """Entry point of the process."""
    die_with_supervisor()
    process_log.to_stderr("workers")
    try:
        config = Config.from_env()
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the reason for the exit code
        return 2
    run_pool(config)
    return 0


if __name__ == "__main__":
    sys.exit(main())

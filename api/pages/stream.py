"""Live events as ``text/event-stream``: one thread asks the database, every listener is told.

A listener costs a thread of the web server and nothing else: what is new is loaded once for each
person, through the access checks of that moment, so that a right taken away ends its events and a
session or token that died ends its stream.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import db
from db.models import Event, User
from jobs import event_listener
from services import events
from services.accounts import sessions
from services.errors import Unavailable

log = logging.getLogger(__name__)

HEARTBEAT_S = 15.0
POLL_S = 1.0
MAX_STREAMS = 48
"""Of the web server's 64 threads: open streams must never leave none for the rest."""
MAX_OF_ONE_PERSON = 8
BACKLOG = 2000
PAGE = 500
OVERLAP = 20
"""PostgreSQL may commit event 7 after event 8: the last few ids are looked at again."""

Credential = tuple[str, str]
"""``("token", key)`` or ``("session", id)``: what let the listener in, checked again and again."""


@dataclass(eq=False)
class Listener:
    """One open stream: what it was sent, and what waits to be sent."""

    credential: Credential
    person: int
    floor: int
    cursor: int
    is_behind: bool = True
    sent: set[int] = field(default_factory=set)
    waiting: queue.Queue[str | None] = field(default_factory=lambda: queue.Queue(BACKLOG))
    born: float = field(default_factory=time.monotonic)

    def offer(self, rows: list[Event]) -> None:
        """Queue the events that were not sent yet."""
        self.is_behind = len(rows) >= PAGE
        for row in rows:
            if row.id > self.floor and row.id not in self.sent:
                self.waiting.put_nowait(as_text(row))
                self.sent.add(row.id)
        if rows:
            self.cursor = max(self.cursor, rows[-1].id)
            self.sent = {number for number in self.sent if number > self.cursor - 2 * OVERLAP}

    def end(self) -> None:
        """Close the stream; what waits is dropped, the client resumes from its last event."""
        while True:
            try:
                self.waiting.put_nowait(None)
            except queue.Full:
                self.waiting.get_nowait()
            else:
                return


class Broadcaster:
    """Wakes when something was announced, at least every second, and tells the listeners."""

    def __init__(self, ring: Callable[[float], None] = event_listener.wait) -> None:
        self._ring = ring
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def check_room(self, person: int) -> None:
        """Make room for one more stream of a person, or raise `Unavailable`.

        A person's oldest stream gives way to the newest: most often it is that of a page that was
        closed or loaded anew, which the server learns only at its next heartbeat. A page that is
        still open comes back by itself and misses nothing.
        """
        with self._lock:
            mine = [listener for listener in self._listeners if listener.person == person]
            if len(mine) >= MAX_OF_ONE_PERSON:
                oldest = min(mine, key=lambda listener: listener.born)
                oldest.end()
                self._listeners.discard(oldest)
            full = len(self._listeners) >= MAX_STREAMS
        if full:
            raise Unavailable("Too many open event streams; close one.", retry_after=30)

    def stream(self, listener: Listener) -> Iterator[str]:
        """Yield the text of a stream, from the listener's cursor on, until it is closed."""
        self._join(listener)
        try:
            yield f"retry: 2000\nid: {listener.floor}\n: connected\n\n"
            quiet_since = time.monotonic()
            while not self._closing.is_set():
                try:
                    text = listener.waiting.get(timeout=POLL_S)
                except queue.Empty:
                    if time.monotonic() - quiet_since < HEARTBEAT_S:
                        continue
                    text = ": still here\n\n"
                if text is None:
                    return
                quiet_since = time.monotonic()
                yield text
        finally:
            with self._lock:
                self._listeners.discard(listener)

    def close(self) -> None:
        """End every stream: called when the web server is asked to stop."""
        self._closing.set()

    def _join(self, listener: Listener) -> None:
        with self._lock:
            self._listeners.add(listener)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="events", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        looked = -HEARTBEAT_S
        latest = -1
        while not self._closing.is_set():
            try:
                with db.database.connection_context():
                    newest, now = events.latest_id(), time.monotonic()
                    due = newest != latest or now - looked >= HEARTBEAT_S
                    more = self._tell(everyone=due)
                if due:
                    latest, looked = newest, now
                if more:
                    continue
            except Exception as error:  # noqa: BLE001 - a database away for now ends no stream
                log.warning("events wait for the database: %s", error)
                time.sleep(POLL_S)
            self._ring(POLL_S)

    def _tell(self, *, everyone: bool) -> bool:
        """Look for news, at least for newcomers; tell whether somebody is still behind."""
        people: dict[Credential, list[Listener]] = {}
        with self._lock:
            for listener in self._listeners:
                if everyone or listener.is_behind:
                    people.setdefault(listener.credential, []).append(listener)
        behind = [self._tell_person(credential, group) for credential, group in people.items()]
        return any(behind)

    @staticmethod
    def _tell_person(credential: Credential, listeners: list[Listener]) -> bool:
        user = person_of(credential)
        if user is None:
            for listener in listeners:
                listener.end()
            return False
        oldest = min(listener.cursor for listener in listeners)
        rows = events.since(user, max(0, oldest - OVERLAP), PAGE)
        for listener in listeners:
            try:
                listener.offer(rows)
            except queue.Full:
                listener.end()
        return len(rows) == PAGE


def person_of(credential: Credential) -> User | None:
    """Return who a credential stands for now; None when it is void."""
    kind, secret = credential
    if kind == "token":
        return sessions.user_for_token(secret)
    return sessions.user_for_session(secret)


EXAMPLE = (
    "retry: 2000\nid: 4711\n: connected\n\n"
    'id: 4712\ndata: {"id": 4712, "name": "file-added", "file": 80, "data_type": "0"}\n\n'
)
"""The beginning of a stream, shortened."""


def as_text(event: Event) -> str:
    """Return an event as the stream carries it; the name is also in the data."""
    return f"id: {event.id}\ndata: {json.dumps(events.as_dict(event))}\n\n"
